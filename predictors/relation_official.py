"""The official file of TACRED and of SemEval-2010 Task 8: `id<TAB>label`, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file

ENDINGS = (".txt", ".tsv")
"""How the name of an official file ends; `.gz` may follow."""


class OfficialLabels:
    """
    Takes results line by line, as `allennlp predict` gives them.

    # Parameters

    file : `IO[str]`
        The file to write.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, line: str) -> None:
        """Adds a result; an error record, whose pair has no label, is left out."""
        result = json.loads(line)
        if "error" in result:
            return
        if "label" not in result:
            raise DataError(
                f"record {result['id']} asks for all pairs of its entities, but the official file "
                "has one label for each id; name the output .jsonl"
            )
        self._file.write(f"{result['id']}\t{result['label']}\n")

    def close(self) -> None:
        """Nothing: the block that opened the file ends it."""


@contextmanager
def official_labels(path: str | Path) -> Iterator[OfficialLabels]:
    """The file, which appears whole or not at all."""
    with replace_file(path) as file:
        yield OfficialLabels(file)
