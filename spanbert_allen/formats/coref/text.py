"""Plain text as a document without annotation: a file is a document, named as the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.files import file_stem, whole_text
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
