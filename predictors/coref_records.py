"""The documents of a file to predict, good or bad."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from spanbert_allen.common.conll import read_conll
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import STANDARD_STREAM, read_lines
from spanbert_allen.common.findings import Findings
from spanbert_allen.predictors.record import Record, parse_record

_FIRST_LINES = 100
"""Blank lines and comments that may stand before a CoNLL file's first document."""


class DocumentRecord(Record):
    """
    A record that was read as a document.

    # Parameters

    document : `CorefDocument`
        The document.
    """

    def __init__(self, document: CorefDocument) -> None:
        super().__init__({"doc_key": document.doc_key, "text": document.text})
        self.document = document


def coref_records(path: str) -> Iterator[Record]:
    """
    The records of a file of JSON lines, or the documents of a CoNLL file, which its first lines
    tell; standard input, which can be read only once, holds JSON lines. What cannot be read is a
    record with a `problem`.

    # Parameters

    path : `str`
        As for `read_lines`.
    """
    if str(path) != STANDARD_STREAM and _is_conll(path):
        yield from _conll_records(path)
        return
    for number, line in read_lines(path, errors="surrogateescape"):
        if line.strip():
            yield parse_record(line, line=number)


def _is_conll(path: str) -> bool:
    for _, line in islice(read_lines(path, errors="replace"), _FIRST_LINES):
        if line.startswith("#begin document"):
            return True
        if line.strip() and not line.startswith("#"):
            return False
    return False


def _conll_records(path: str) -> Iterator[Record]:
    problems = _Problems()
    for document in read_conll(path, findings=problems):
        yield from problems.records()
        yield DocumentRecord(document)
    yield from problems.records()


class _Problems(Findings):
    """Keeps problems, so that the reader goes on with the next document."""

    def __init__(self) -> None:
        super().__init__()
        self._errors: list[DataError] = []

    def problem(self, error: DataError) -> None:
        self._errors.append(error)

    def records(self) -> Iterator[Record]:
        """Records of what was wrong since the last time."""
        for error in self._errors:
            yield Record({}, problem=error.problem, line=error.line)
        self._errors.clear()
