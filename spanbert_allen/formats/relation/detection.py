"""Find out the layout of a file of relation examples, and read it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import (
    default_doc_key,
    filled_lines,
    json_object,
    open_text,
)
from spanbert_allen.common.json_array import ArrayItem, array_items, first_item
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.formats import brat, webanno
from spanbert_allen.formats.relation.annotated_text import AnnotatedText
from spanbert_allen.formats.relation.annotation_records import annotation_parser
from spanbert_allen.formats.relation.brat import read_brat
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.jsonl import read_relation_jsonl
from spanbert_allen.formats.relation.semeval import read_semeval
from spanbert_allen.formats.relation.tacred import read_tacred
from spanbert_allen.formats.relation.webanno import read_webanno

Layout = Literal[
    "tacred", "semeval", "records", "brat", "webanno", "annotated array", "annotated lines"
]
"""
One JSON array, SemEval-2010's numbered sentences, a JSON record a line, brat's annotations, WebAnno
TSV, or what other annotation tools write: see `annotation_records`.
"""

SUFFIXES = (".json", ".jsonl", ".TXT", brat.SUFFIX, webanno.SUFFIX)
"""How the names of files of relations end; `.gz` may follow."""

_OF_ONE_TEXT: Mapping[Layout, Callable[[str | Path], AnnotatedText]] = {
    "brat": read_brat,
    "webanno": read_webanno,
}
"""What reads files that hold one text each."""

_SEMEVAL = re.compile(rb'\d+\t"')


def relation_layout(path: str | Path) -> Layout:
    """
    Return the layout of a file, by its first characters, or its first record.

    A pipe or standard input can still be read from its first byte on.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    if brat.is_standoff(path):
        return "brat"
    try:
        with open_text(path, look_ahead=True) as file:
            while (start := file.read(512)) and not start.strip():
                pass
    except (EOFError, OSError, zlib.error):
        return "records"  # whoever reads it says what is wrong
    start = start.lstrip()
    if start.startswith(webanno.FIRST_LINE.encode()):
        return "webanno"
    if start.startswith(b"["):
        return "tacred" if annotation_parser(first_item(path)) is None else "annotated array"
    if _SEMEVAL.match(start):
        return "semeval"
    return "records" if annotation_parser(_first_object(path)) is None else "annotated lines"


def read_relations(
    path: str | Path, *, language: str = "en", on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    Read the examples of a file in any of the layouts.

    # Parameters

    path, language, on_problem
        As for `read_relation_jsonl`.
    """
    layout = relation_layout(path)
    if layout == "tacred":
        yield from read_tacred(path, on_problem=on_problem)
    elif layout == "semeval":
        yield from read_semeval(path, language=language, on_problem=on_problem)
    elif layout == "records":
        yield from read_relation_jsonl(path, language=language, on_problem=on_problem)
    else:
        yield from _read_annotated(path, layout, language, on_problem)


def _read_annotated(
    path: str | Path, layout: Layout, language: str, on_problem: OnProblem | None
) -> Iterator[RelationExample]:
    """Read the examples of annotated texts; a text with a mistake is left out as a whole."""
    for number, item in enumerate(_items(path, layout), start=1):
        try:
            yield from _examples(item, number, path, layout, language)
        except DataError as error:
            if on_problem is None:
                raise
            on_problem(error)


def _items(path: str | Path, layout: Layout) -> Iterator[ArrayItem]:
    if layout in _OF_ONE_TEXT:
        yield ArrayItem(1, None)
    elif layout == "annotated array":
        yield from array_items(path)
    else:
        for number, line in filled_lines(path, must_hold="one JSON object a line"):
            try:
                yield ArrayItem(number, json_object(line, line=number))
            except DataError as error:
                yield ArrayItem(number, None, error.problem)


def _examples(
    item: ArrayItem, number: int, path: str | Path, layout: Layout, language: str
) -> list[RelationExample]:
    """Return the examples of one text; `number` counts the texts of the file from 1."""
    is_array = layout == "annotated array"  # which may be one line
    try:
        if item.problem is not None:
            raise RecordError(item.problem)
        if layout in _OF_ONE_TEXT:
            return list(_OF_ONE_TEXT[layout](path).examples(language=language))
        parse = annotation_parser(item.value)
        if parse is None:
            raise RecordError("it has no entities and relations, as those before it have")
        name = default_doc_key(path, number if is_array else item.line)
        text = parse(item.value, name, f"{path}:{item.line}")
        return list(text.examples(language=language))
    except RecordError as error:
        line = None if layout in _OF_ONE_TEXT else item.line
        problem = f"text {number}: {error}" if is_array else str(error)
        raise DataError(problem, path, line) from error


def _first_object(path: str | Path) -> Any:
    """Return the object of the first line that is not blank; `None` if there is none."""
    try:
        with open_text(path, look_ahead=True) as file:
            while (line := file.readline()) and not line.strip():
                pass
        return json_object(line.decode("utf-8"))
    except (DataError, UnicodeDecodeError, EOFError, OSError, zlib.error):
        return None  # whoever reads it says what is wrong
