"""Read coreference documents as JSON lines, whatever the keys of a record are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, filled_lines, json_object
from spanbert_allen.common.record_checks import RecordError, is_whole, shown
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings

_LARGEST_NUMBER = 10**300  # of a name; Python refuses to write out numbers of 4300 digits


@dataclass(frozen=True, kw_only=True)
class RecordContext:
    """
    Hold what a record does not say of itself.

    # Parameters

    default_key : `str`
        The document's name if the record gives none.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split what is not split.
    findings : `RecordFindings`, optional
        What is done with bad mentions; by default the first is raised.
    """

    default_key: str
    language: str = "en"
    findings: RecordFindings = field(default_factory=lambda: RecordFindings(Findings()))

    def key(self, value: object, name: str = "doc_key") -> str:
        """Return the document's name, from what the record holds under `name`."""
        if value is None:
            return self.default_key
        if isinstance(value, str):
            return value
        if is_whole(value) and abs(value) < _LARGEST_NUMBER:
            return str(int(value))
        raise RecordError(f"{name} is {shown(value)}; it must be a string or a whole number")


ParseRecord = Callable[[Mapping[str, Any], RecordContext], CorefDocument]
"""The document of a record; raises `RecordError` for one that is none."""


class RawRecord(NamedTuple):
    """A line that is not parsed yet."""

    path: str | Path
    line: int
    text: str


def read_documents(
    path: str | Path,
    parse: ParseRecord,
    *,
    language: str = "en",
    findings: Findings | None = None,
) -> Iterator[CorefDocument]:
    """
    Read the documents of a file.

    # Parameters

    path : `str | Path`
        The file; `.gz` is unpacked, `-` is standard input.
    parse : `ParseRecord`
        What makes a document of a record.
    language : `str`, optional (default = `"en"`)
        See `RecordContext`.
    findings : `Findings`, optional
        What is done with mistakes; by default the first is raised as a `DataError` with its line.
    """
    findings = findings or Findings()
    for raw in raw_records(path):
        document = parse_raw(raw, parse, language=language, findings=findings)
        if document is not None:
            yield document
    findings.end_of_file()


def raw_records(path: str | Path) -> Iterator[RawRecord]:
    """
    Read the lines of a file that are not blank; raise a `DataError` if there is none.

    A line that is not UTF-8 is a mistake of its record alone, which `json_object` finds.
    """
    must_hold = "one JSON object a line"
    for line, text in filled_lines(path, must_hold=must_hold, errors="surrogateescape"):
        yield RawRecord(path, line, text)


def parse_raw(
    raw: RawRecord, parse: ParseRecord, *, language: str, findings: Findings
) -> CorefDocument | None:
    """Return the document of a line; `None` for a bad one, unless `findings` raises."""
    context = RecordContext(
        default_key=default_doc_key(raw.path, raw.line),
        language=language,
        findings=RecordFindings(findings, raw.path, raw.line),
    )
    try:
        document = parse(json_object(raw.text, path=raw.path, line=raw.line), context)
        if not context.findings.num_problems:
            return document
    except RecordError as error:
        findings.problem(DataError(str(error), raw.path, raw.line))
    except DataError as error:
        findings.problem(error)
    findings.left_out()
    return None
