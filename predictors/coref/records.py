"""The documents of a file to predict, good or bad."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, find_files, read_lines
from spanbert_allen.common.folder_names import FolderNames
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.format import CorefFormat
from spanbert_allen.formats.coref.registry import SUFFIXES
from spanbert_allen.predictors.record import Record, parse_record

_OURS = ("jsonl", "predictions")


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


def coref_records(path: str, *, language: str = "en") -> Iterator[Record]:
    """
    Yield the documents of a file in any of the coreference formats, or of a folder of files.

    The first line of a file tells its format. A file in no other format holds our own records, one
    a line. What cannot be read is a record with a `problem`.

    # Parameters

    path : `str`
        As for `read_lines`, or a folder, whose files are read in the order of their names.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, for formats with texts.
    """
    if Path(path).is_dir():
        files = find_files(path, suffixes=SUFFIXES)
        names = FolderNames(path, files)
        for file in files:
            for record in coref_records(str(file), language=language):
                yield _of_file(record, Path(file), Path(path), names)
        return
    found = _other_format(path)
    if found is not None:
        problems = _Problems()
        for document in found.read(path, language=language, findings=problems):
            yield from problems.records()
            yield DocumentRecord(document)
        yield from problems.records()
        return
    for number, line in read_lines(path, errors="surrogateescape"):
        if line.strip():
            yield parse_record(line, line=number)


def _of_file(record: Record, file: Path, folder: Path, names: FolderNames) -> Record:
    """Name the file of a folder in its record."""
    if isinstance(record, DocumentRecord):
        record = DocumentRecord(names.named(record.document, file, field="doc_key"))
    elif record.problem is None and record.line is not None and record.get("doc_key") is None:
        record["doc_key"] = names.key(default_doc_key(file, record.line), file)
    record.file = str(file.relative_to(folder))
    return record


def _other_format(path: str) -> CorefFormat | None:
    """Return the format of a file, if it is another than ours."""
    with closing(read_lines(path, errors="replace", look_ahead=True)) as lines:
        first = next((line for _, line in lines if line.strip()), "")
    if first.lstrip().startswith('"'):  # a text
        return None
    try:
        found = detect_format(path)
    except DataError:
        return None  # each of its lines is marked as what it is
    return None if found.name in _OURS else found


class _Problems(Findings):
    """Keeps problems, so that the reader goes on with the next document."""

    def __init__(self) -> None:
        super().__init__()
        self._errors: list[DataError] = []

    def problem(self, error: DataError) -> None:
        self._errors.append(error)

    def records(self) -> Iterator[Record]:
        """Yield records of the mistakes since the last call."""
        for error in self._errors:
            yield Record({}, problem=error.problem, line=error.line)
        self._errors.clear()
