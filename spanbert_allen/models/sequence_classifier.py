"""Classification of texts and pairs of texts on SpanBERT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.sequence.instance import LABELS, PairInput
from spanbert_allen.formats.sequence.glue_tasks import glue_task
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.metrics.sequence.metric import SequenceScores
from spanbert_allen.modules.classification.head import ClassificationHead
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder

_OWN_SCORES = {False: ("acc", "macro_f1"), True: ("pearson", "spearmanr", "corr")}


@Model.register("spanbert_sequence_classifier")
class SpanbertSequenceClassifier(Model):
    """
    Classifies a text or a pair of texts by the pooled vector of [CLS], or predicts a number for it,
    as in Devlin et al. (2019), section 4.1, and Joshi et al. (2020), "SpanBERT", section 4.1.

    # Parameters

    vocab : `Vocabulary`
        AllenNLP's; its namespace `labels` has the classes, unless `task` says them.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`, with `pooler` true.
    task : `str`, optional (default = `None`)
        A task of GLUE: it says which classes there are and what is measured. Without it, the
        classes are the labels of the training data; accuracy and macro F1 are measured.
    regression : `bool`, optional (default = `None`)
        Without a task: whether a number is predicted. Mean squared error is the loss then;
        correlations are measured.
    dropout : `float`, optional (default = `0.1`)
        That of the head.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the head's first weights.
    """

    default_predictor = "spanbert_sequence_classifier"
    metrics_are_known = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        *,
        task: str | None = None,
        regression: bool | None = None,
        dropout: float = 0.1,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ):
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} does not encode pieces of texts; "
                'use {"type": "spanbert", "pooler": true, ...}'
            )
        if embedder.encoder.pooler is None:
            raise ConfigError("model.embedder.pooler is false: set it to true, as [CLS] is pooled")
        if task is not None and regression is not None:
            raise ConfigError("model.regression: `task` says it already; leave one of both out")
        self.task = None if task is None else glue_task(task)
        if self.task is not None:
            self.regression = self.task.is_regression
            self.labels = list(self.task.labels)
        else:
            self.regression = bool(regression)
            self.labels = [] if self.regression else _labels_of(vocab)
        self.embedder = embedder
        self.classifier = ClassificationHead(
            embedder.get_output_dim(),
            1 if self.regression else len(self.labels),
            dropout=dropout,
            initializer_range=initializer_range,
        )
        self.label_tally = LabelTally()
        self.scores = SequenceScores(
            _OWN_SCORES[self.regression] if self.task is None else self.task.scores
        )

    def row_names(self) -> dict[str, Sequence[str]]:
        """Return the names of the rows of weights that labels stand for, by the weights' names."""
        if self.regression:
            return {}
        return {"classifier.weight": self.labels, "classifier.bias": self.labels}

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        type_ids: Tensor,
        attended: Tensor | None = None,
        label: Tensor | None = None,
        pair: list[PairInput] | None = None,
    ) -> dict[str, Any]:
        """
        What the readers of texts and pairs of texts give.

        # Parameters

        token_ids, segment_ids, type_ids : `Tensor`
            `segment_ids` is -1 at padding, 0 elsewhere. Shape: (batch_size, num_pieces)
        attended : `Tensor`, optional (default = `None`)
            False for padding to a fixed length. Shape: (batch_size, num_pieces)
        label : `Tensor`, optional (default = `None`)
            Classes, or numbers to predict. Shape: (batch_size,)
        pair : `list[PairInput]`, optional (default = `None`)
            The texts, with the part of the data that they belong to.

        # Returns

        `dict[str, Any]`
            `logits`, of shape (batch_size, num_labels), 1 for a number; `loss` if there are labels;
            outside of training, for classes, `probabilities`, of the logits' shape.
        """
        # Shape: (batch_size, num_pieces, dim)
        vectors = self.embedder.encode(token_ids.long(), segment_ids, type_ids.long(), attended)
        # Shape: (batch_size, num_labels)
        logits = self.classifier(self.embedder.pool(vectors[:, 0]))
        output: dict[str, Any] = {"logits": logits}
        if not self.training and not self.regression:
            output["probabilities"] = logits.softmax(-1)
        if label is not None:
            output["loss"] = self._loss(logits, label)
            self._measure(logits, label, pair)
        elif self.training:
            raise DataError("the data has no labels, which training needs: use annotated data")
        if not self.training:
            self.label_tally.add(is_labelled=label is not None)
        return output

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        The scores of the task, by part of the data if its parts have names. In training only when
        they are reset: AllenNLP asks at every step, and workers put together what they have seen.
        Outside of training raises a `DataError` after data without labels.
        """
        if self.training:
            return self.scores.get_metric(reset) if reset else {}
        self.label_tally.check(reset=reset)
        return self.scores.get_metric(reset)

    def _loss(self, logits: Tensor, label: Tensor) -> Tensor:
        if self.regression:
            if not label.is_floating_point():
                raise ConfigError(
                    "model.regression is true, but the labels are classes: set `regression` of "
                    "the reader to true as well, or that of the model to false"
                )
            return mse_loss(logits.squeeze(-1), label.to(logits.dtype))
        return cross_entropy(logits, label)

    def _measure(self, logits: Tensor, label: Tensor, pair: list[PairInput] | None) -> None:
        # Shape: (batch_size,)
        predicted = logits.squeeze(-1) if self.regression else logits.argmax(-1)
        parts = [None] * len(label) if pair is None else [one.part for one in pair]
        self.scores(predicted.detach().tolist(), label.tolist(), parts)


def _labels_of(vocab: Vocabulary) -> list[str]:
    names = vocab.get_index_to_token_vocabulary(LABELS)
    if not names:
        raise ConfigError(
            "model.task: it is not set, and the data has no labels, which would be the classes; "
            "give labelled data, a task of GLUE, or set `regression` for numbers"
        )
    return [names[number] for number in range(len(names))]
