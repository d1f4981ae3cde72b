"""What the predictors share: records in, results out in the same order, bad records marked."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from allennlp.data import DatasetReader, Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, read_lines, replace_file
from spanbert_allen.predictors.option_checks import checked_option
from spanbert_allen.predictors.record import Record, parse_record
from spanbert_allen.predictors.result import Result
from spanbert_allen.results.writing.writers import ResultWriter, format_of, open_results

logger = logging.getLogger(__name__)

JsonDict = dict[str, Any]


class SpanPredictor(Predictor):
    """
    Base of the predictors. A subclass says how a record becomes an instance and how the model's
    output becomes JSON. Here, instances of similar length are packed into batches, results come
    back in the order of the input, and a record that cannot be predicted becomes
    `{"schema": ..., "line": ..., "doc_key": ..., "error": "one sentence"}` and is counted in
    `num_failed`, without stopping the rest.

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
    """

    schema: ClassVar[str]
    """The name and version of the results' layout, written into each of them."""
    names: ClassVar[Sequence[str]] = ("doc_key",)
    """What names a record; an error record keeps them."""
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
    ) -> None:
        super().__init__(model, dataset_reader, frozen)
        self.max_pieces_per_batch: int = checked_option(
            "max_pieces_per_batch", max_pieces_per_batch, int
        )
        self.source = "input"
        """The file that the records come from."""
        self.num_records = 0
        """How many records have been predicted or marked so far."""
        self.num_failed = 0
        """How many of them were marked with an error."""
        self.first_error: JsonDict | None = None
        """The error record of the first of these."""

    def record_to_instance(self, record: Record) -> Instance:
        """The instance of a record; raises `DataError` for a bad one."""
        raise NotImplementedError

    def num_pieces(self, instance: Instance) -> int:
        """The number of word pieces of an instance."""
        raise NotImplementedError

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """The result for one instance; `outputs` is empty for an instance without pieces."""
        raise NotImplementedError

    def without_labels(self, instance: Instance) -> Instance:
        """The instance as the model predicts it: a data set's reader may have put labels in."""
        return instance

    def records(self, path: str) -> Iterator[Record]:
        """The records of an input file, good or bad."""
        for number, line in read_lines(path, errors="surrogateescape"):
            if line.strip():
                yield self.load_line(line, number=number)

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """
        What takes the lines of output, by `write`; whole or not there at all. A name that ends in
        .html makes a page.
        """
        return self.open_as("html", path) if format_of(path) == "html" else replace_file(path)

    @contextmanager
    def open_as(self, file_format: str, path: str | Path) -> Iterator[LineReader]:
        """What takes the lines of output and writes them in another format."""
        with open_results(path, file_format) as writer:
            yield LineReader(writer)

    def remarks(self) -> Iterator[str]:
        """Yield what a user should know after a file was predicted, a sentence each."""
        yield from ()

    def load_line(self, line: str, *, number: int | None = None) -> Record:
        """The record of a line of input, good or bad."""
        return parse_record(line, line=number)

    def dump_line(self, outputs: JsonDict) -> str:
        """One line of output."""
        return json.dumps(outputs, allow_nan=False) + "\n"

    def predict_json(self, inputs: JsonDict) -> JsonDict:
        """The result for one record, or its error record."""
        return self.predict_batch_json([inputs])[0]

    def predict_batch_json(self, inputs: Sequence[JsonDict]) -> list[JsonDict]:
        """The results, or error records, for some records, in their order."""
        records = [item if isinstance(item, Record) else Record(item) for item in inputs]
        return self._results([self._prepared(record) for record in records], records)

    def predict_instance(self, instance: Instance) -> JsonDict:
        """The result for an instance, or its error record."""
        return self.predict_batch_instance([instance])[0]

    def predict_batch_instance(self, instances: Sequence[Instance]) -> list[JsonDict]:
        """The results, or error records, for some instances, in their order."""
        unlabelled = [self.without_labels(instance) for instance in instances]
        return [self._counted(result, Record({})) for result in self._predict(unlabelled)]

    def _json_to_instance(self, json_dict: JsonDict) -> Instance:
        return self.record_to_instance(Record(json_dict))

    def _default_name(self, record: Record) -> str:
        """The name of a record that gives none."""
        if record.line is None:
            return self.alone
        return default_doc_key(self.source, record.line)

    def _prepared(self, record: Record) -> Instance | Exception:
        if record.problem is not None:
            return DataError(record.problem)
        try:
            return self.record_to_instance(record)
        except DataError as error:
            return error

    def _results(
        self, prepared: Sequence[Instance | Exception], records: Sequence[Record]
    ) -> list[JsonDict]:
        """The results of the instances, error records for the exceptions, in their order."""
        predicted = iter(self._predict([item for item in prepared if isinstance(item, Instance)]))
        return [
            self._counted(next(predicted) if isinstance(item, Instance) else item, record)
            for item, record in zip(prepared, records, strict=True)
        ]

    def _counted(self, result: JsonDict | Exception, record: Record) -> JsonDict:
        """The result as it goes out: an exception becomes an error record."""
        self.num_records += 1
        if not isinstance(result, Exception):
            return result
        self.num_failed += 1
        outputs: JsonDict = {"schema": self.schema}
        if record.line is not None:
            outputs["line"] = record.line
        outputs |= {name: record[name] for name in self.names if isinstance(record.get(name), str)}
        problem = result.problem if isinstance(result, DataError) else str(result)
        marked = Result(outputs | {"error": " ".join(problem.split())})
        self.first_error = self.first_error or marked
        return marked

    def _predicted(self, instances: Sequence[Instance]) -> list[JsonDict]:
        """A result for each instance; raises what is wrong with the first bad one."""
        results: list[JsonDict] = []
        for result in self._predict(instances):
            if isinstance(result, Exception):
                raise result
            results.append(result)
        return results

    def _predict(self, instances: Sequence[Instance]) -> list[JsonDict | Exception]:
        """A result for each instance, or why there is none, in the order of the instances."""
        lengths = [self.num_pieces(instance) for instance in instances]
        results: list[JsonDict | Exception] = [{}] * len(instances)
        for batch in self._batches(lengths):
            outputs = self._forward([instances[index] for index in batch])
            for index, output in zip(batch, outputs, strict=True):
                results[index] = (
                    output
                    if isinstance(output, Exception)
                    else Result(self.result(instances[index], output))
                )
        for index, length in enumerate(lengths):
            if not length:
                results[index] = Result(self.result(instances[index], {}))
        return results

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
        The model's outputs. Where a batch fails, as when memory runs out, its instances are tried
        one by one, so that one that cannot be predicted is the only one lost.
        """
        for instance in instances:
            self._dataset_reader.apply_token_indexers(instance)
        try:
            return list(self._model.forward_on_instances(instances))
        except (RuntimeError, MemoryError) as error:
            if len(instances) == 1:
                logger.warning("a record could not be predicted", exc_info=error)
                return [RuntimeError(f"the model failed on this record: {_first_line(error)}")]
        return [output for instance in instances for output in self._forward([instance])]


class LineReader:
    """
    Takes lines of output as `allennlp predict` gives them.

    # Parameters

    writer : `ResultWriter`
        Gets the results that they hold.
    """

    def __init__(self, writer: ResultWriter) -> None:
        self._writer = writer

    def write(self, line: str) -> None:
        """Hands a result on."""
        self._writer.add(json.loads(line))

    def close(self) -> None:
        """Nothing: the writer ends its files, after AllenNLP has closed this."""


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
