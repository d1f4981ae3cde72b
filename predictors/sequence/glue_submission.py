"""
Write the files that GLUE takes, and that the original program calls `predictions.tsv`.

They have a header `index<TAB>prediction`, and then for each row its number from 0 and the name of
its class, or a number with six decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.predictors.result_table import ResultTable, result_table

ENDING = ".tsv"
"""How the name of such a file ends; `.gz` may follow."""


def glue_submission(path: str | Path) -> AbstractContextManager[ResultTable]:
    """Open the file, which appears whole or not at all; rows of error records are left out."""
    return result_table(path, _row, header="index\tprediction")


def _row(result: Mapping[str, Any]) -> str:
    if isinstance(result.get("label"), list):
        raise DataError(
            "a text of this model may have several classes, but a file for GLUE has one for each; "
            "name the output .jsonl"
        )
    prediction = result["label"] if "label" in result else f"{result['score']:.6f}"
    return f"{result['id']}\t{prediction}"
