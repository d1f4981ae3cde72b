"""Plain text as a document without annotation: a file is a document, named as the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import (
    MAX_LINE_VARIABLE,
    file_stem,
    max_bytes_at_once,
    open_text,
)
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.records import RecordContext


def read_plain_text(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """Read the document of a file; parameters as for `read_documents`."""
    findings = findings or Findings()
    record = {"text": whole_text(path)}
    context = RecordContext(
        default_key=file_stem(path), language=language, findings=RecordFindings(findings, path)
    )
    yield parse_coref_record(record, context)


def whole_text(path: str | Path) -> str:
    """Return the text of a file, line ends as they are."""
    limit = max_bytes_at_once()
    with open_text(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DataError(
            f"the text is longer than {limit >> 20} MB; cut it, or, if there is memory for it, set "
            f"{MAX_LINE_VARIABLE} to a larger number",
            path,
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError("not UTF-8 text; convert the file to UTF-8", path, line) from error
