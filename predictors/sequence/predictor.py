"""Predict classes of a user's own texts and pairs of texts, or numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, cast

from allennlp.data import Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import ending_of
from spanbert_allen.common.record_checks import is_list, shown
from spanbert_allen.data.sequence.instance import PairInput
from spanbert_allen.dataset_readers.sequence.reader import TextPairReader
from spanbert_allen.formats.sequence.glue import read_glue
from spanbert_allen.formats.sequence.glue_tasks import submission_name
from spanbert_allen.formats.sequence.jsonl import text_pair
from spanbert_allen.models.sequence_classifier import NO_PAIRS, SpanbertSequenceClassifier
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.record import Record, examples_as_records
from spanbert_allen.predictors.sequence.glue_submission import ENDING, glue_submission
from spanbert_allen.predictors.sequence.output import SCHEMA, class_json, number_json


@Predictor.register("spanbert_sequence_classifier")
class SequenceClassifierPredictor(SpanPredictor):
    """
    Predict the class of a text or of a pair of texts, or all its classes, or a number.

    The probabilities of all classes are given, too. A record is `{"text": ..., "text_pair": ...}`,
    and an `id` if there is one; a label is ignored.

    For a model of one of GLUE's tasks `allennlp predict` also takes the task's `.tsv` files, and
    MNLI's takes the diagnostic set. If the output is named `.tsv`, it is a file that GLUE takes,
    see `glue_submission`; if it is a folder that is there, such a file appears in it under GLUE's
    name for the task.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch, task, engine
        As for `SpanPredictor`. The reader is one for texts and pairs; it does not limit the form of
        the records.
    """

    schema: ClassVar[str] = SCHEMA
    names: ClassVar[Sequence[str]] = ("id",)
    alone: ClassVar[str] = "text"
    needs = (("text",),)
    fields = ("text", "text_pair", "label")
    records_at_once: ClassVar[int] = 256

    def __init__(
        self,
        model: Model,
        dataset_reader: TextPairReader,
        frozen: bool = True,
        **of_all_predictors: Any,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, **of_all_predictors)
        self._classifier = cast("SpanbertSequenceClassifier", self._model)
        self._reader = cast("TextPairReader", self._dataset_reader)
        self._num_cut = 0

    def predict(
        self, text: str | Sequence[str], text_pair: str | Sequence[str] | None = None
    ) -> Any:
        """
        Classify a text or a pair, or several; raise a `DataError` if something is wrong with one.

        # Parameters

        text, text_pair : `str | Sequence[str]`
            One text; a pair of texts; or as many first and second ones.

        # Returns

        `dict[str, Any]`, or a list of them if several were given
            What `class_json` or `number_json` describes.
        """
        if not isinstance(text, (str, list, tuple)):
            raise DataError(f"`text` is {shown(text)}; it must be a string, or a list of strings")
        texts = [text] if isinstance(text, str) else list(text)
        seconds: list[str | None] = [text_pair] if isinstance(text_pair, str) else []
        if text_pair is None:
            seconds = [None] * len(texts)
        elif not isinstance(text_pair, str):
            if not is_list(text_pair):
                raise DataError(
                    f"`text_pair` is {shown(text_pair)}; it must be a string, or a list of strings"
                )
            seconds = list(text_pair)
        if len(texts) != len(seconds):
            raise DataError(
                f"{len(texts)} texts, but {len(seconds)} second ones; give one for each"
            )
        instances = [
            self._instance({"text": first, "text_pair": second}, self.alone)
            for first, second in zip(texts, seconds, strict=True)
        ]
        results = self._predicted(instances)
        return results[0] if isinstance(text, str) else results

    def records(self, path: str) -> Iterator[Record]:
        """Yield the texts of a file: records, or the rows of one of GLUE's."""
        if ending_of(path) != ENDING:
            yield from super().records(path)
            return
        if self._classifier.task is None:
            raise DataError(
                "is read as a file of GLUE, but the model is of none of its tasks: give JSON lines "
                '{"text": ...}, in a file of another name',
                path,
            )
        task = self._classifier.task
        yield from examples_as_records(
            lambda on_problem: read_glue(path, task, on_problem=on_problem),
            lambda pair: {"id": pair.id, "text": pair.text, "text_pair": pair.text_pair},
        )

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """Open a file for GLUE for a folder or a name in `.tsv`, else lines."""
        if Path(path).is_dir() and self._classifier.task is not None:
            return glue_submission(Path(path) / submission_name(self._classifier.task, self.source))
        if ending_of(path) == ENDING:
            return glue_submission(path)
        return super().open_output(path)

    def record_to_instance(self, record: Record) -> Instance:
        """Return the instance of a record; raise a `DataError` for a bad one."""
        return self._instance(record, self._default_name(record))

    def num_pieces(self, instance: Instance) -> int:
        """Return the number of word pieces."""
        return len(instance["token_ids"])

    def name_of(self, instance: Instance) -> JsonDict:
        """Return the id of the text or pair."""
        return {"id": instance["pair"].metadata.pair.id}

    def without_labels(self, instance: Instance) -> Instance:
        """Return the instance without the label of an annotated text."""
        return Instance({name: field for name, field in instance.fields.items() if name != "label"})

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """Return the result for one text or pair."""
        asked: PairInput = instance["pair"].metadata
        self._num_cut += asked.is_cut
        if self._classifier.regression:
            return number_json(asked.pair, float(outputs["logits"][0]), is_cut=asked.is_cut)
        return class_json(
            asked.pair,
            self._classifier.labels,
            outputs["probabilities"].tolist(),
            is_cut=asked.is_cut,
            multi_label=self._classifier.multi_label,
        )

    def remarks(self) -> Iterator[str]:
        """Say how many texts were cut."""
        if self._num_cut:
            yield (
                f"{self._num_cut} texts have more than {self._reader.max_length} pieces, and their "
                "ends are cut off (`is_cut`)"
            )

    def _instance(self, record: Mapping[str, Any], default_id: str) -> Instance:
        unlabelled = {name: value for name, value in record.items() if name != "label"}
        pair = text_pair(unlabelled, default_id=default_id)
        if pair.text_pair and self._classifier.takes_no_pairs:
            raise DataError(NO_PAIRS)
        return self._reader.text_to_instance(pair)
