"""Write the official file of TACRED and of SemEval-2010 Task 8, lines of `id<TAB>label`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.predictors.result_table import ResultTable, result_table

ENDINGS = (".txt", ".tsv")
"""How the name of an official file ends; `.gz` may follow."""


def official_labels(path: str | Path) -> AbstractContextManager[ResultTable]:
    """
    Open the file, which appears whole or not at all.

    An error record, whose pair has no label, is left out. Writing a record of all pairs of several
    entities, or a second record of one id, raises a `DataError`.
    """
    return result_table(path, _row)


def _row(result: Mapping[str, Any]) -> str:
    if "label" not in result:
        raise DataError(
            f"record {result['id']} asks for all pairs of its entities, but the official file "
            "has one label for each id; name the output .jsonl"
        )
    return f"{result['id']}\t{result['label']}"
