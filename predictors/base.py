"""The base of the predictors: records in, results out in the same order, bad records marked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from allennlp.common.util import SigTermReceived
from allennlp.data import DatasetReader, Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.engines import TORCH
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import default_doc_key, read_lines, replace_file
from spanbert_allen.common.record_checks import is_whole
from spanbert_allen.conversion.onnx.engine import use_engine
from spanbert_allen.modules.encoder.embedder import embedder_of
from spanbert_allen.predictors.encoding import Level, TextEncoder
from spanbert_allen.predictors.line_reader import LineReader
from spanbert_allen.predictors.option_checks import checked_option, language_of, refuse_unknown
from spanbert_allen.predictors.parts import part_of
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.problems import (
    Failure,
    all_or_problem,
    has_nan,
    noted,
    or_raised,
    sentence_of,
    unwritable,
)
from spanbert_allen.predictors.record import Record, parse_record
from spanbert_allen.predictors.result import Result
from spanbert_allen.results.writing.writers import format_of, open_results

JsonDict = dict[str, Any]

_RESERVED = ("schema", "line", "error")
"""What only results have: a field of a record that is called so does not come back."""
_LARGEST_ID = 10**300
_NO_NUMBERS = (
    "the model's scores for this record are not numbers (NaN): look at the record, and if all are "
    "so, at the training, or predict with `precision` fp32"
)


class SpanPredictor(Predictor):
    """
    Turn records into results, with what a subclass says of instances and outputs.

    Instances of similar length are packed into batches, and results come back in the order of the
    input. A record that cannot be predicted, whatever the reason, becomes `{"schema": ...,
    "line": ..., "doc_key": ..., "error": "one sentence"}` and is counted in `num_failed`, without
    stopping the rest. Fields of a record that the predictor does not know come back in its result.

    # Parameters

    model : `Model`
        The model.
    dataset_reader : `DatasetReader`
        The reader whose `text_to_instance` made the model's training data.
    frozen : `bool`, optional (default = `True`)
        Whether to put the model into evaluation mode.
    max_pieces_per_batch : `int`, optional (default = `32768`)
        How many word pieces, padding counted, go through the model at once; a longer document goes
        alone. Results do not depend on it.
    task : `str`, optional (default = `None`)
        The name of the task to predict, where the model has several for this predictor.
    engine : `str`, optional (default = `"torch"`)
        What runs the encoder: `torch`, or on the CPU `onnx` or `onnx-int8`; see `use_engine`.
    """

    schema: ClassVar[str]
    """The name and version of the results' layout, written into each of them."""
    names: ClassVar[Sequence[str]] = ("doc_key",)
    """What names a record; an error record keeps them."""
    fields: ClassVar[Collection[str] | None] = None
    """The fields of a record that the predictor reads; others are the user's own. `None`: all."""
    option_names: ClassVar[Collection[str]] = ()
    """Options of the predictor that a record cannot set: one that tries is marked with an error."""
    needs: ClassVar[Sequence[Collection[str]]] = ()
    """What a record must have at least to be for this predictor, in each of the ways there are."""
    takes_all_tasks: ClassVar[bool] = False
    """Whether a model of several tasks is taken as a whole."""
    alone: ClassVar[str]
    """The name of a record that gives none and is no line of a file."""
    records_at_once: ClassVar[int] = 1
    """How many records `allennlp predict` gives at least, to make batches of."""

    def __init__(
        self,
        model: Model,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        *,
        max_pieces_per_batch: int = 32768,
        task: str | None = None,
        engine: str = TORCH,
        **unknown: Any,
    ) -> None:
        refuse_unknown(type(self), unknown)
        if not self.takes_all_tasks:
            model, dataset_reader = part_of(model, dataset_reader, type(self), task)
        use_engine(model, engine)
        super().__init__(model, dataset_reader, frozen)
        self.max_pieces_per_batch: int = checked_option(
            "max_pieces_per_batch", max_pieces_per_batch, int
        )
        self._encoder: TextEncoder | None = None
        self.source = "input"
        """The file that the records come from."""
        self.num_records = 0
        """How many records have been predicted or marked so far."""
        self.num_failed = 0
        """How many of them were marked with an error."""
        self.first_error: Failure | None = None
        """The first of these."""

    def encode(
        self,
        inputs: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]],
        *,
        spans: Sequence[Any] | None = None,
        level: Level | None = None,
    ) -> Any:
        """Return vectors of the model's encoder for texts: see `TextEncoder.encode`."""
        if self._encoder is None:
            indexer = getattr(self._dataset_reader, "indexer", None)
            self._encoder = TextEncoder(
                embedder_of(self._model),
                max_length=getattr(indexer, "max_length", None),
                max_pieces_per_batch=self.max_pieces_per_batch,
                language=language_of(self._dataset_reader),
            )
        return self._encoder.encode(inputs, spans=spans, level=level)

    def record_to_instance(self, record: Record) -> Instance:
        """Return the instance of a record; raises `DataError` for a bad one."""
        raise NotImplementedError

    def num_pieces(self, instance: Instance) -> int:
        """Return the number of word pieces of an instance."""
        raise NotImplementedError

    def outputs(self, instances: list[Instance]) -> list[Mapping[str, Any]]:
        """Return what the model computes for instances that go through it together."""
        return list(self._model.forward_on_instances(instances))

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """Return the result for one instance; `outputs` is empty for one without pieces."""
        raise NotImplementedError

    def name_of(self, instance: Instance) -> JsonDict:
        """Return the name of an instance, in the field that results have it in; `{}` for none."""
        return {}

    def without_labels(self, instance: Instance) -> Instance:
        """Return the instance without labels, which the reader of a data set may have put in."""
        return instance

    def records(self, path: str) -> Iterator[Record]:
        """Read the records of an input file, good or bad."""
        for number, line in read_lines(path, errors="surrogateescape"):
            if line.strip():
                yield self.load_line(line, number=number)

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """
        Open what takes the lines of output, by `write`; the file appears whole or not at all.

        A name that ends in .html makes a page.
        """
        return self.open_as("html", path) if format_of(path) == "html" else replace_file(path)

    @contextmanager
    def open_as(self, file_format: str, path: str | Path) -> Iterator[LineReader]:
        """Open what takes the lines of output and writes them in another format."""
        with open_results(path, file_format) as writer:
            yield LineReader(writer)

    def remarks(self) -> Iterator[str]:
        """Yield what a user should know after a file was predicted, a sentence each."""
        yield from ()

    def load_line(self, line: str, *, number: int | None = None) -> Record:
        """Return the record of a line of input, good or bad."""
        return parse_record(line, line=number)

    def dump_line(self, outputs: JsonDict) -> str:
        """Return one line of output."""
        return json.dumps(outputs, allow_nan=False) + "\n"

    def with_options(self, options: Mapping[str, Any]) -> SpanPredictor:
        """
        Return a predictor of the same model with other options; this one stays as it is.

        # Parameters

        options : `Mapping[str, Any]`
            Names and values, as for `predict`; `ConfigError` for one that there is not.
        """
        for name in options:
            raise ConfigError(f"`{name}` is no option; this predictor has none")
        return self

    def predict_json(self, inputs: JsonDict) -> JsonDict:
        """Return the result for one record, or its error record."""
        return self.predict_batch_json([inputs])[0]

    def predict_batch_json(self, inputs: Sequence[JsonDict]) -> list[JsonDict]:
        """Return the results, or error records, for some records, in their order."""
        return self.predict_prepared([self.prepare(item) for item in inputs])

    def prepare(self, inputs: JsonDict) -> PreparedRecord:
        """
        Make a record ready for the model: check it, and split its text into pieces.

        A bad record comes back with its `problem`.
        """
        record = inputs if isinstance(inputs, Record) else Record(inputs)
        if (problem := self.problem_of(record)) is not None:
            return PreparedRecord(record, problem=DataError(problem))
        try:
            return self._made_ready(record)
        except Exception as error:  # whatever is wrong with it, the other records go on
            return PreparedRecord(record, problem=noted(error))

    def predict_prepared(self, prepared: Sequence[PreparedRecord]) -> list[JsonDict]:
        """Return the results, or error records, for records that are ready, in their order."""
        return [
            self._counted(result, one.record)
            for one, result in zip(prepared, self.results_or_problems(prepared), strict=True)
        ]

    def results_of(self, prepared: Sequence[PreparedRecord]) -> list[JsonDict]:
        """Return the results for records that are ready; raise what is wrong with the first."""
        return [or_raised(result) for result in self.results_or_problems(prepared)]

    def predict_instance(self, instance: Instance) -> JsonDict:
        """Return the result for an instance, or its error record."""
        return self.predict_batch_instance([instance])[0]

    def predict_batch_instance(self, instances: Sequence[Instance]) -> list[JsonDict]:
        """Return the results, or error records, for some instances, in their order."""
        unlabelled = [self.without_labels(instance) for instance in instances]
        return [
            self._counted(result, Record(self.name_of(instance)))
            for instance, result in zip(instances, self._predict(unlabelled), strict=True)
        ]

    def _json_to_instance(self, json_dict: JsonDict) -> Instance:
        return self.record_to_instance(Record(json_dict))

    def _default_name(self, record: Record) -> str:
        """Return the name of a record that gives none."""
        if record.line is None:
            return self.alone
        return default_doc_key(self.source, record.line)

    def _made_ready(self, record: Record) -> PreparedRecord:
        """Return a record that is ready; raise a `DataError` for a bad one."""
        instance = self.record_to_instance(record)
        return PreparedRecord(record, [instance], self.num_pieces(instance))

    def _joined(self, prepared: PreparedRecord, rows: Sequence[JsonDict]) -> JsonDict:
        """Return the result of a record, made of those of its instances, which were all good."""
        (result,) = rows
        return result

    def option_in(self, record: Mapping[str, Any]) -> str | None:
        """Return an option that stands in a record; what a result was found with is none."""
        if record.get("schema") == self.schema:
            return None
        return next((name for name in self.option_names if name in record), None)

    def problem_of(self, record: Record) -> str | None:
        """Return what is known to be wrong with a record before it is read."""
        option = self.option_in(record)
        if record.problem is None and option is not None:
            return (
                f"`{option}` is an option of the predictor and not of one record: give it with "
                "--predictor-args, in Python to `load` or `predict`"
            )
        return record.problem

    def results_or_problems(self, prepared: Sequence[PreparedRecord]) -> list[JsonDict | Exception]:
        """Return the result of each record, or why there is none."""
        predicted = iter(
            self._predict([instance for one in prepared for instance in one.instances])
        )
        results: list[JsonDict | Exception] = []
        for one in prepared:
            rows = list(islice(predicted, len(one.instances)))
            good = one.problem or all_or_problem(rows)
            results.append(good if isinstance(good, Exception) else self._joined(one, good))
        return results

    def _counted(self, result: JsonDict | Exception, record: Record) -> JsonDict:
        """Count a result, and return it as it goes out: an exception becomes an error record."""
        self.num_records += 1
        own = self._own_fields(record)
        if not isinstance(result, Exception):
            problem = unwritable(own, "the record's own fields") or unwritable(result, "scores")
            if problem is None:
                if not own:
                    return result
                return Result(result | {key: own[key] for key in own if key not in result})
            result = DataError(problem)
        self.num_failed += 1
        outputs: JsonDict = {"schema": self.schema}
        if record.line is not None:
            outputs["line"] = record.line
        for name in self.names:
            value = record.get(name)
            if isinstance(value, str):
                outputs[name] = value
            elif is_whole(value) and abs(value) < _LARGEST_ID:
                outputs[name] = int(value)
        if unwritable(own, "") is None:
            outputs |= own
        failure = Failure(sentence_of(result), record.line, record.file)
        self.first_error = self.first_error or failure
        return Result(outputs | {"error": failure.in_its_record()})

    def _own_fields(self, record: Record) -> JsonDict:
        if self.fields is None:
            return {}
        known = (*self.fields, *self.names, *_RESERVED)
        return {key: value for key, value in record.items() if key not in known}

    def _predicted(self, instances: Sequence[Instance]) -> list[JsonDict]:
        """Return a result for each instance; raises what is wrong with the first bad one."""
        return [or_raised(result) for result in self._predict(instances)]

    def _predict(self, instances: Sequence[Instance]) -> list[JsonDict | Exception]:
        """Return a result for each instance, or why there is none, in their order."""
        lengths = [self.num_pieces(instance) for instance in instances]
        results: list[JsonDict | Exception] = [{}] * len(instances)
        for batch in self._batches(lengths):
            outputs = self._forward([instances[index] for index in batch])
            for index, output in zip(batch, outputs, strict=True):
                results[index] = self._result_of(instances[index], output)
        for index, length in enumerate(lengths):
            if not length:
                results[index] = self._result_of(instances[index], {})
        return results

    def _result_of(
        self, instance: Instance, output: Mapping[str, Any] | Exception
    ) -> JsonDict | Exception:
        if isinstance(output, Exception):
            return output
        if has_nan(output):
            return DataError(_NO_NUMBERS)
        try:
            return Result(self.result(instance, output))
        except Exception as error:  # as in `prepare`
            return noted(error)

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Indexes of instances that go through the model together; those of length 0 do not."""
        batch: list[int] = []
        for index in sorted(range(len(lengths)), key=lengths.__getitem__):
            if not lengths[index]:
                continue
            if batch and (len(batch) + 1) * lengths[index] > self.max_pieces_per_batch:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _forward(self, instances: list[Instance]) -> list[Mapping[str, Any] | Exception]:
        """
        Return the model's outputs.

        Where a batch fails, as when memory runs out, its instances are tried one by one, so that
        one that cannot be predicted is the only one lost.
        """
        try:
            for instance in instances:
                self._dataset_reader.apply_token_indexers(instance)
            return [*self.outputs(instances)]
        except SigTermReceived:
            raise
        except Exception as error:
            if len(instances) == 1:
                return [noted(error)]
        return [output for instance in instances for output in self._forward([instance])]
