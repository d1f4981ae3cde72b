"""Files of raw text as streams of documents and sentences, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines, read_objects
from spanbert_allen.formats.pretraining.sentences import split_sentences

LAYOUTS = {
    "blank-lines": "a sentence a line, an empty line after each document",
    "files": "a document a file, its paragraphs separated by empty lines and their lines wrapped",
    "paragraph-a-line": "a document a file, a paragraph a line",
}
"""How files of plain text hold documents; JSON lines hold a document each in any of them."""

_LONGEST_PARAGRAPH = 1 << 20


def read_sentences(path: str | Path, layout: str) -> Iterator[str | None]:
    """
    Read the sentences of a file in order, with `None` at the end of each document.

    Only a paragraph is held in memory at a time. The end of the file ends the last document whether
    an empty line stands there or not: the original program loses a document without one.

    # Parameters

    path : `str | Path`
        Plain text, or JSON lines (`.jsonl`) whose `text` is a document, its paragraphs at line
        ends; packed if the name ends in `.gz`.
    layout : `str`
        One of `LAYOUTS`.

    # Returns

    `Iterator[str | None]`
        No sentence is empty, and no document is without sentences.

    Raises a `DataError` with file and line for a record without `text`.
    """
    if _is_json(path):
        paragraphs = _of_records(path)
    else:
        lines = (line for _, line in read_lines(path, errors="replace"))
        paragraphs = _of_lines(lines, layout)
    is_open = False
    for paragraph in paragraphs:
        if paragraph is None:
            if is_open:
                yield None
            is_open = False
            continue
        for sentence in [paragraph] if layout == "blank-lines" else split_sentences(paragraph):
            is_open = True
            yield sentence
    if is_open:
        yield None


def read_texts(path: str | Path, layout: str) -> Iterator[str]:
    """
    Read the whole text of each document of a file, in order.

    A document is held in memory at a time. There is one for each record of JSON lines and for each
    file, even if it is empty; between empty lines there is none.

    # Parameters

    path, layout
        As for `read_sentences`.

    # Returns

    `Iterator[str]`
        Texts whose lines, as they stand in the file, end in a single character each.
    """
    if _is_json(path):
        yield from _record_texts(path)
        return
    document: list[str] = []
    for _, line in read_lines(path, errors="replace"):
        if layout != "blank-lines" or line.strip():
            document.append(line)
        elif document:
            yield "\n".join(document)
            document = []
    if document or layout != "blank-lines":
        yield "\n".join(document)


def _of_lines(lines: Iterable[str], layout: str) -> Iterator[str | None]:
    if layout != "files":
        for line in lines:
            if stripped := line.strip():
                yield stripped
            elif layout == "blank-lines":
                yield None
        return
    paragraph: list[str] = []
    length = 0
    for line in lines:
        stripped = line.strip()
        if not stripped or length > _LONGEST_PARAGRAPH:
            if paragraph:
                yield " ".join(paragraph)
            paragraph, length = [], 0
        if stripped:
            paragraph.append(stripped)
            length += len(stripped)
    if paragraph:
        yield " ".join(paragraph)


def _is_json(path: str | Path) -> bool:
    return Path(path).name.removesuffix(".gz").endswith((".jsonl", ".json"))


def _record_texts(path: str | Path) -> Iterator[str]:
    for number, record in read_objects(path):
        text = record.get("text")
        if not isinstance(text, str):
            raise DataError("the record has no string `text`, which is the document", path, number)
        yield text


def _of_records(path: str | Path) -> Iterator[str | None]:
    for text in _record_texts(path):
        for line in text.splitlines():
            if stripped := line.strip():
                yield stripped
        yield None
