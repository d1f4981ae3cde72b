"""One encoder for several tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allennlp.common import Lazy
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor, nn

from spanbert_allen.common.console import nearest
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.multitask.vocabulary import vocabulary_of
from spanbert_allen.metrics.task_tally import TaskTally
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder

_EMBEDDER = "embedder."
_MEAN = "mean"


@Model.register("spanbert_multitask")
class SpanbertMultitask(Model):
    """
    Train several of this package's models on one encoder, which they share.

    Each task is a whole model, as it would be alone, but for the embedder, which is this model's. A
    batch is of one task. The metrics of a task have its name and `_` in front: `qa_f1`.

    # Parameters

    vocab : `Vocabulary`
        Set `vocabulary` to `{"type": "spanbert_multitask"}`: each task has namespaces of its own.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`; its `pooler` must be true if a task needs it.
    tasks : `dict[str, Model]`
        The models of the tasks, such as `{"qa": {"type": "spanbert_qa"}}`, without an embedder. The
        names are those of the reader, which the data is given by.
    loss_weights : `dict[str, float]`, optional (default = `None`)
        What the loss of a task is multiplied by; 1 for others.
    mean_of : `dict[str, float]`, optional (default = `None`)
        Metrics and the best value of each, such as `{"coref_coref_f1": 1, "qa_f1": 100}`: the mean
        of their shares of it is the metric `mean`, for `validation_metric`.
    """

    default_predictor = "spanbert_multitask"
    metrics_are_known = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        tasks: dict[str, Lazy[Model]],
        *,
        loss_weights: dict[str, float] | None = None,
        mean_of: dict[str, float] | None = None,
        **kwargs: Any,
    ):
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} does not encode pieces; "
                'use {"type": "spanbert", ...}'
            )
        if not tasks:
            raise ConfigError('model.tasks: there is none; give {"qa": {"type": "spanbert_qa"}}')
        self.embedder = embedder
        self.tasks = nn.ModuleDict()
        for name, task in tasks.items():
            self.tasks[name] = _built(name, task, vocabulary_of(vocab, name), embedder)
        self.loss_weights = dict(loss_weights or {})
        _check_names("loss_weights", self.loss_weights, list(tasks))
        self.mean_of = dict(mean_of or {})
        for metric, best in self.mean_of.items():
            if best <= 0 or not metric.startswith(tuple(f"{name}_" for name in tasks)):
                raise ConfigError(
                    f"model.mean_of.{metric}: give metrics with the name of a task and `_` in "
                    f"front, such as `{next(iter(tasks))}_f1`, and the best value, 1 or 100"
                )
        self.memory_knobs = tuple(
            knob.replace("model.", f"model.tasks.{name}.", 1)
            for name, task in self.tasks.items()
            for knob in getattr(task, "memory_knobs", ())
        )
        """The settings that lower the memory of training."""
        self.tally = TaskTally(list(tasks))
        self._register_state_dict_hook(_leave_copies_out)
        self.register_load_state_dict_pre_hook(_put_copies_in)

    def row_names(self) -> dict[str, Sequence[str]]:
        """Return the names of rows that the tasks tell, by the weights' names in this model."""
        return {
            name if name.startswith(_EMBEDDER) else f"tasks.{task}.{name}": rows
            for task, model in self._models.items()
            if hasattr(model, "row_names")
            for name, rows in model.row_names().items()
        }

    def names_in(self, trained: Model) -> dict[str, str]:
        """Return the names of weights that a trained model of one task has, by ours."""
        names: dict[str, str] = {}
        for task, model in self._models.items():
            theirs = model.names_in(trained) if hasattr(model, "names_in") else {}
            if type(model) is type(trained):
                theirs |= {name: name for name in model.state_dict()}
            names |= {f"tasks.{task}.{own}": name for own, name in theirs.items()}
        return names

    def forward(self, task: list[str], **fields: Any) -> dict[str, Any]:
        """
        Give a batch to its task.

        # Parameters

        task : `list[str]`
            The name of the task, for each instance of the batch.
        fields
            What the task's own reader gives.

        # Returns

        `dict[str, Any]`
            What the task's model returns, its `loss` times the task's weight.
        """
        names = set(task)
        if len(names) != 1:
            raise ConfigError(
                f"data_loader: a batch holds examples of {' and '.join(sorted(names))}, but it "
                "must be of one task: use the data loader `spanbert_multitask`"
            )
        (name,) = names
        _check_names("tasks", names, list(self.tasks))
        output: dict[str, Any] = self.tasks[name](**fields)
        self.tally(name)
        loss: Tensor | None = output.get("loss")
        if loss is not None:
            output["loss"] = loss * self.loss_weights.get(name, 1.0)
        return output

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        Return the metrics of the tasks that have seen data, and the mean that was asked for.

        Before there is any data these are the metrics of all tasks.
        """
        counts = self.tally.get_metric(reset)
        has_begun = any(counts.values())
        found: dict[str, dict[str, float]] = {
            name: task.get_metrics(reset)
            for name, task in self._models.items()
            if counts[name] or not has_begun
        }
        metrics = {
            f"{name}_{key}": value for name, own in found.items() for key, value in own.items()
        }
        if self.mean_of and self.mean_of.keys() <= metrics.keys():
            shares = [metrics[name] / best for name, best in self.mean_of.items()]
            metrics[_MEAN] = sum(shares) / len(shares)
        elif self.mean_of and not has_begun and not self.training:
            self._check_mean(found, metrics)
            metrics[_MEAN] = 0.0
        return metrics

    @property
    def _models(self) -> dict[str, Any]:
        return dict(self.tasks.items())

    def _check_mean(
        self, found: Mapping[str, Mapping[str, float]], metrics: Mapping[str, float]
    ) -> None:
        """Raise a `ConfigError` for a metric of `mean_of` that an evaluation will not give."""
        for name in self.mean_of:
            is_of_part = any(  # those of parts of the data come with it
                name.startswith(f"{task}_") and name.endswith(tuple(f"_{key}" for key in own))
                for task, own in found.items()
            )
            if name not in metrics and not is_of_part:
                near = " or ".join(f"`{one}`" for one in nearest(name, metrics))
                advice = f"did you mean {near}?" if near else f"choose among {', '.join(metrics)}"
                raise ConfigError(f"model.mean_of.{name}: there is no such metric: {advice}")


def _built(name: str, task: Lazy[Model], vocab: Vocabulary, embedder: SpanbertEmbedder) -> Model:
    model = task.construct(vocab=vocab, embedder=embedder)
    if getattr(model, "embedder", None) is not embedder:
        raise ConfigError(
            f"model.tasks.{name}: it must be a model of this package that has no embedder of its "
            "own, as all tasks share `model.embedder`: leave `embedder` out of it"
        )
    return model


def _check_names(key: str, names: Any, known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(
                f"model.{key}: there is no task {name!r}; the tasks are {', '.join(known)}"
            )


def _copies(module: SpanbertMultitask, prefix: str) -> list[str]:
    """Return what the names of the encoder's weights begin with in the tasks."""
    return [f"{prefix}tasks.{name}.{_EMBEDDER}" for name in module.tasks]


def _leave_copies_out(
    module: SpanbertMultitask, state: dict[str, Any], prefix: str, *_others: Any
) -> None:
    """Keep the encoder's weights once, under the name of this model's own embedder."""
    copies = tuple(_copies(module, prefix))
    for name in [name for name in state if name.startswith(copies)]:
        del state[name]


def _put_copies_in(
    module: SpanbertMultitask, state: dict[str, Any], prefix: str, *_others: Any
) -> None:
    """Give the encoder's weights to each task as well, which looks for them."""
    own = prefix + _EMBEDDER
    for name in [name for name in state if name.startswith(own)]:
        for copy in _copies(module, prefix):
            state[copy + name.removeprefix(own)] = state[name]
