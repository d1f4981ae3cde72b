"""
Read files of SemEval-2010 Task 8 as they were released, and kbp37's of the same layout.

An example is a line with its number, a tab and the sentence in quotation marks, with its nominals
in <e1> and <e2>, and, except in the test file, a line with the relation and one with a comment. An
empty line ends it.

    17<TAB>"The <e1>storm</e1> brought down the old <e2>bridge</e2>."
    Cause-Effect(e1,e2)
    Comment: It fell because of the storm.

The tags decide where a word is cut, also inside a word. White space inside tags is put outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.jsonl import relation_example

_FIRST_LINE = re.compile(r'(\d+)\t"?(.*?)"?\s*')
_TAG = re.compile(r"</?e[12]>")
_TAGS = ["<e1>", "</e1>", "<e2>", "</e2>"]
_NUMBERED = re.compile(r'\s*\d+\s*"')
_COMMENT = "Comment:"

Line = tuple[int, str]
"""The number of a line in its file, counted from 1, and the line."""


def read_semeval(
    path: str | Path, *, language: str = "en", on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    Read the examples of a file, in its order; e1 is the subject, e2 the object.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split sentences into words.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad example, which is then left out. By default the error is raised.
    """
    is_empty = True
    for lines in _blocks(path):
        is_empty = False
        try:
            yield _example(lines, path, language)
        except DataError as error:
            if on_problem is None:
                raise
            on_problem(error)
    if is_empty:
        raise DataError("holds no examples; each begins with a number, a tab and a sentence", path)


def _blocks(path: str | Path) -> Iterator[list[Line]]:
    """Yield the lines of each example."""
    block: list[Line] = []
    for number, line in read_lines(path):
        if block and _begins(line):
            yield block
            block = []
        if line.strip():
            block.append((number, line.strip()))
    if block:
        yield block


def _begins(line: str) -> bool:
    """
    Return whether a line is the first one of an example, be it a faulty one.

    A sentence whose number or tab is missing must not pass for the label of the example before it.
    """
    if line.lstrip().startswith(_COMMENT):
        return False
    return bool(_FIRST_LINE.fullmatch(line) or _NUMBERED.match(line) or _TAG.search(line))


def _example(lines: list[Line], path: str | Path, language: str) -> RelationExample:
    number, first = lines[0]
    begun = _FIRST_LINE.fullmatch(first)
    if begun is None:
        raise DataError(
            f"{shown(first)} does not begin an example: write its number, one tab and the sentence "
            "in quotation marks",
            path,
            number,
        )
    name, marked = begun[1], begun[2]
    if [tag[0] for tag in _TAG.finditer(marked)] != _TAGS:
        raise DataError(
            f"sentence {name[:20]} must have <e1>...</e1> and, after it, <e2>...</e2>, each once",
            path,
            number,
        )
    before, e1, between, e2, after = _TAG.split(marked)
    starts = len(before), len(before + e1 + between)
    labels = [line for _, line in lines[1:] if not line.startswith(_COMMENT)]
    if len(labels) > 1:
        raise DataError(
            f"sentence {name[:20]} has two labels, {shown(labels[0])} and {shown(labels[1])}; keep "
            "one",
            path,
            number,
        )
    record = {
        "id": name,
        "text": before + e1 + between + e2 + after,
        "subject": [starts[0], starts[0] + len(e1)],
        "object": [starts[1], starts[1] + len(e2)],
        "label": labels[0] if labels else None,
    }
    return relation_example(record, default_id=name, language=language, path=path, line=number)
