"""Files of relation examples, whichever layout they have."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from spanbert_allen.common.files import STANDARD_STREAM, open_bytes
from spanbert_allen.common.relation_jsonl import read_relation_jsonl
from spanbert_allen.common.relations import OnProblem, RelationExample
from spanbert_allen.common.tacred_json import read_tacred

Layout = Literal["tacred", "records"]
"""One JSON array, or a JSON record a line."""


def relation_layout(path: str | Path) -> Layout:
    """
    The layout of a file, by its first character. Standard input, which can be read only once, holds
    records.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    if str(path) == STANDARD_STREAM:
        return "records"
    with open_bytes(path) as file:
        try:
            while (start := file.read(512)) and not start.strip():
                pass
        except (EOFError, OSError, zlib.error):
            return "records"  # whoever reads it says what is wrong
    return "tacred" if start.lstrip().startswith(b"[") else "records"


def read_relations(
    path: str | Path, *, language: str = "en", on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    The examples of a file in the layout of TACRED or of `spanbert_relation_jsonl`.

    # Parameters

    path, language, on_problem
        As for `read_relation_jsonl`.
    """
    if relation_layout(path) == "tacred":
        yield from read_tacred(path, on_problem=on_problem)
    else:
        yield from read_relation_jsonl(path, language=language, on_problem=on_problem)
