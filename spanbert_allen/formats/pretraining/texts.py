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
    name = Path(path).name.removesuffix(".gz")
    if name.endswith((".jsonl", ".json")):
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


def _of_records(path: str | Path) -> Iterator[str | None]:
    for number, record in read_objects(path):
        text = record.get("text")
        if not isinstance(text, str):
            raise DataError("the record has no string `text`, which is the document", path, number)
        for line in text.splitlines():
            if stripped := line.strip():
                yield stripped
        yield None
