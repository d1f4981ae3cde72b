"""A worker: take jobs of a run and do them, until all are settled."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from spanbert_allen.common.errors import DataError, UserError, shortened
from spanbert_allen.common.outputs import is_full_disk
from spanbert_allen.corpus_prediction.manifest import Manifest
from spanbert_allen.corpus_prediction.run_folder import CountJob, Job, RunFolder, Shard
from spanbert_allen.corpus_prediction.whole_files import write_whole

logger = logging.getLogger(__name__)

_AT_ONCE = 64
"""How many records are predicted together at least."""


class CorpusPredictor(Protocol):
    """What a worker needs of a predictor; see `SpanPredictor`."""

    source: str
    """The file that the records come from."""

    @property
    def records_at_once(self) -> int:
        """Return how many records make good batches."""

    def records(self, path: str) -> Iterator[dict[str, Any]]:
        """Read the records of a file."""

    def predict_batch_json(self, inputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a result or an error record for each."""

    def dump_line(self, outputs: dict[str, Any]) -> str:
        """Return the line of a result."""


def work(
    run: RunFolder,
    predictor: CorpusPredictor,
    *,
    wait: Callable[[], None],
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """
    Do the jobs of a run that no other worker does, until all are settled.

    # Parameters

    run : `RunFolder`
        The run.
    predictor : `CorpusPredictor`
        Its model.
    wait : `Callable[[], None]`
        Called when the jobs that are left are others': if those are killed, they are taken.
    goes_on : `Callable[[], bool]`, optional
        Asked before each job.

    Raises a `DataError` where the disk is full. Whatever else is wrong with a job fails that job.
    """
    reader = _RecordReader(predictor, run.manifest)
    while True:
        is_open = has_done = False
        for job in run.open_jobs():
            if not goes_on():
                return
            is_open = True
            claim = run.claim(job)
            if claim is None:
                continue
            is_settled = False
            try:
                _do(run, job, reader, predictor)
                is_settled = has_done = True
            finally:
                claim.release(is_settled=is_settled)
        if not is_open:
            return
        if not has_done:
            wait()


class _RecordReader:
    """
    Give shards of files; those that come in order are read in one pass.

    # Parameters

    predictor : `CorpusPredictor`
        Whose formats are read.
    manifest : `Manifest`
        The files.
    """

    def __init__(self, predictor: CorpusPredictor, manifest: Manifest) -> None:
        self._predictor = predictor
        self._inputs = manifest.inputs
        self._records: Iterator[dict[str, Any]] = iter(())
        self._source, self._next = -1, 0

    def count(self, source: int) -> int:
        """Return the number of records of a file."""
        return sum(1 for _ in self._open(source))

    def take(self, shard: Shard) -> Iterator[dict[str, Any]]:
        """Yield the records of a shard."""
        if shard.source != self._source or shard.first < self._next:
            self._records, self._source, self._next = self._open(shard.source), shard.source, 0
        self._predictor.source = self._inputs[shard.source].path  # another may be counted meanwhile
        skipped = shard.first - self._next
        self._source = -1  # until the shard is read, the place in the file is not known
        for _ in islice(self._records, skipped):
            pass
        yield from islice(self._records, shard.size)
        self._source, self._next = shard.source, shard.first + shard.size

    def _open(self, source: int) -> Iterator[dict[str, Any]]:
        self._inputs[source].check(is_whole=False)
        path = self._inputs[source].path
        self._predictor.source = path
        return self._predictor.records(path)


def _do(run: RunFolder, job: Job, reader: _RecordReader, predictor: CorpusPredictor) -> None:
    """Do a job that this process has claimed, or say why it cannot be done."""
    try:
        if isinstance(job, CountJob):
            run.settle(job, {"records": reader.count(job.source)})
        else:
            report = _Report()
            write_whole(run.result(job), _lines(job, reader, predictor, report))
            run.settle(job, report.as_json())
    except Exception as error:
        if is_full_disk(error.__cause__ or error):
            raise
        if run.report(job) is not None:  # without locks another process has done it meanwhile
            return
        if not isinstance(error, UserError):
            logger.exception("%s failed", job.name)
        place = run.manifest.inputs[job.source].path
        text = str(error) or type(error).__name__
        run.fail(job, shortened(text if isinstance(error, UserError) else f"{place}: {text}"))


def _lines(
    shard: Shard, reader: _RecordReader, predictor: CorpusPredictor, report: _Report
) -> Iterator[bytes]:
    """Predict a shard and yield the lines of its results."""
    records = reader.take(shard)
    while group := list(islice(records, max(_AT_ONCE, predictor.records_at_once))):
        for record, result in zip(group, predictor.predict_batch_json(group), strict=True):
            line = predictor.dump_line(result).encode("utf-8")
            report.add(record, result, line)
            yield line
    if report.records != shard.size:
        raise DataError(
            f"the file holds fewer records than it did when they were counted: {report.records} "
            f"and not {shard.size} in shard {shard.number}; put the old file back",
            predictor.source,
        )


class _Report:
    """Count what a shard holds."""

    def __init__(self) -> None:
        self.records = self._failed = self._words = self._bytes = 0
        self._sha256 = hashlib.sha256()
        self._first_error: dict[str, Any] | None = None

    def add(self, record: Mapping[str, Any], result: Mapping[str, Any], line: bytes) -> None:
        """Count a record and its line."""
        self.records += 1
        self._words += _num_words(record)
        self._bytes += len(line)
        self._sha256.update(line)
        if "error" in result:
            self._failed += 1
            if self._first_error is None:
                known = ("line", "error")
                self._first_error = {name: result[name] for name in known if name in result}

    def as_json(self) -> dict[str, Any]:
        """Return what the run's folder keeps of it."""
        return {
            "records": self.records,
            "failed_records": self._failed,
            "first_error": self._first_error,
            "words": self._words,
            "bytes": self._bytes,
            "sha256": self._sha256.hexdigest(),
        }


def _num_words(value: object) -> int:
    """Return the words of the texts in a record, as blanks separate them."""
    if isinstance(value, str):
        return len(value.split())
    if isinstance(value, Mapping):
        return sum(map(_num_words, value.values()))
    return sum(map(_num_words, value)) if isinstance(value, list | tuple) else 0
