"""Find out the layout of a file of relation examples, and read it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.common.files import open_text
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.jsonl import read_relation_jsonl
from spanbert_allen.formats.relation.semeval import read_semeval
from spanbert_allen.formats.relation.tacred import read_tacred

Layout = Literal["tacred", "semeval", "records"]
"""One JSON array, SemEval-2010's numbered sentences, or a JSON record a line."""

_SEMEVAL = re.compile(rb'\d+\t"')


def relation_layout(path: str | Path) -> Layout:
    """
    Return the layout of a file, by its first characters.

    A pipe or standard input can still be read from its first byte on.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    try:
        with open_text(path, look_ahead=True) as file:
            while (start := file.read(512)) and not start.strip():
                pass
    except (EOFError, OSError, zlib.error):
        return "records"  # whoever reads it says what is wrong
    start = start.lstrip()
    if start.startswith(b"["):
        return "tacred"
    return "semeval" if _SEMEVAL.match(start) else "records"


def read_relations(
    path: str | Path, *, language: str = "en", on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    Read the examples of a file in the layout of TACRED, SemEval-2010 or `spanbert_relation_jsonl`.

    # Parameters

    path, language, on_problem
        As for `read_relation_jsonl`.
    """
    layout = relation_layout(path)
    if layout == "tacred":
        yield from read_tacred(path, on_problem=on_problem)
    elif layout == "semeval":
        yield from read_semeval(path, language=language, on_problem=on_problem)
    else:
        yield from read_relation_jsonl(path, language=language, on_problem=on_problem)
