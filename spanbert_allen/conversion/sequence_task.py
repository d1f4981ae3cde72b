"""Import and export classification of texts and pairs of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from allennlp.data import Vocabulary
from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.label_names import (
    MULTI_LABEL,
    SINGLE_LABEL,
    check_number,
    given_names,
    is_multi_label,
    label_settings,
    own_names,
    refuse_several_numbers,
)
from spanbert_allen.conversion.task import (
    Blueprint,
    Source,
    Task,
    kept_settings,
    prediction_loader,
    prediction_reader,
)
from spanbert_allen.data.sequence.instance import LABELS
from spanbert_allen.dataset_readers.sequence.reader import USUAL_LENGTH
from spanbert_allen.formats.sequence.glue_tasks import GlueTask, glue_task
from spanbert_allen.models.sequence_classifier import SpanbertSequenceClassifier


class SequenceTask(Task):
    """Import and export classifiers of texts, and models of numbers; see `Task`."""

    model_type = "spanbert_sequence_classifier"
    head = "classifier"
    architecture = "BertForSequenceClassification"
    pipeline_tag = "text-classification"
    uses_pooler = True
    options = ("max_length", "glue_task", "labels", "regression")

    def blueprint(self, source: Source, options: Mapping[str, Any]) -> Blueprint:
        """See `Task`."""
        refuse_several_numbers(source)
        task_name = source.setting(options, "glue_task", None)
        task = None if task_name is None else glue_task(task_name)
        multi_label = is_multi_label(source)
        if multi_label and (task is not None or options.get("regression")):
            raise ConfigError(
                f"{source.name} was trained to give a text several labels (`problem_type` "
                f"{MULTI_LABEL}): leave --glue-task and --regression out"
            )
        has_classes = multi_label or source.config.get("problem_type") == SINGLE_LABEL
        regression = bool(options.get("regression")) or (
            source.num_outputs == 1 and not has_classes
        )
        if task is not None and task.is_regression != regression:
            raise ConfigError(
                f"--glue-task: {task.name} has "
                f"{'one output' if task.is_regression else f'{len(task.labels)} classes'}, but "
                f"{source.name} has {source.num_outputs} outputs; choose another task, or none"
            )
        if regression and source.num_outputs != 1:
            raise ConfigError(
                f"--regression: {source.name} has {source.num_outputs} outputs; leave it out"
            )
        names = given_names("--labels", options.get("labels")) or own_names(source)
        outputs, vocabulary = None, Vocabulary()
        if task is not None and not regression:
            outputs = _in_order_of(task, names, source)
        elif not regression:
            if names is None:
                raise ConfigError(
                    f"--labels: {source.name} does not name its {source.num_outputs} outputs; give "
                    "their names in their order, or --glue-task"
                )
            check_number("--labels", names, source)
            for name in names:
                vocabulary.add_token_to_namespace(name, LABELS)
        moved = names if outputs is not None else None
        config = self._config(source, options, task, regression)
        return Blueprint(config, vocabulary, outputs, moved)

    def bert_settings(self, model: Model, config: Mapping[str, Any]) -> dict[str, Any]:
        """See `Task`."""
        ours = cast("SpanbertSequenceClassifier", model)
        settings: dict[str, Any] = {
            "num_labels": 1,
            "problem_type": "regression",
            "classifier_dropout": ours.classifier.dropout,
        }
        if not ours.regression:
            settings = label_settings(
                ours.labels, ours.classifier.dropout, multi_label=ours.multi_label
            )
        kept = {
            "max_length": prediction_reader(config).get("max_length", USUAL_LENGTH),
            "glue_task": None if ours.task is None else ours.task.name,
            "temperature": None if ours.temperature == 1 else ours.temperature,
        }
        return settings | kept_settings(kept)

    def card_section(self, model: Model, config: Mapping[str, Any]) -> list[str]:
        """See `Task`."""
        del config
        ours = cast("SpanbertSequenceClassifier", model)
        task = "" if ours.task is None else f" GLUE's task {ours.task.name}:"
        if ours.regression:
            return [f"{task} the output is a number.".strip(), ""]
        return [f"{task} the classes are {', '.join(ours.labels)}.".strip(), ""]

    def _config(
        self,
        source: Source,
        options: Mapping[str, Any],
        task: GlueTask | None,
        regression: bool,
    ) -> dict[str, Any]:
        max_length = source.setting(options, "max_length", source.max_positions)
        reader: dict[str, Any] = {
            "type": "spanbert_text_pairs_jsonl" if task is None else "spanbert_glue",
            "indexer": {"type": "spanbert", **source.encoder},
            "max_length": min(max_length, source.max_positions),
        }
        kind: dict[str, Any] = {"regression": regression} if task is None else {"task": task.name}
        if is_multi_label(source):
            kind["multi_label"] = True
        embedder = {"type": "spanbert", "dtype": "float32", "pooler": True, **source.encoder}
        return {
            "dataset_reader": reader | kind,
            "validation_data_loader": prediction_loader(),
            "data_loader": prediction_loader(),
            "model": {
                "type": self.model_type,
                "embedder": embedder,
                **kind,
                **source.head_dropout,
                **source.temperature,
            },
        }


def _in_order_of(task: GlueTask, names: Sequence[str] | None, source: Source) -> list[int]:
    """Return which output of the source each class of the task is."""
    if names is None and task.labels == ("0", "1"):
        names = task.labels
    if names is None:
        raise ConfigError(
            f"--labels: {source.name} does not say which of its outputs is which class; give "
            f"--labels with {', '.join(task.labels)} in the order of its outputs"
        )
    check_number("--labels", names, source)
    plain = [name.lower() for name in names]
    if sorted(plain) != sorted(task.labels):
        raise ConfigError(
            f"--glue-task: the classes of {task.name} are {', '.join(task.labels)}, those of "
            f"{source.name} {', '.join(names)}; give the task's in the order of its outputs with "
            "--labels, or leave --glue-task out"
        )
    return [plain.index(label) for label in task.labels]
