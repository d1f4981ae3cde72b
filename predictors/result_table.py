"""Files with a row for each result, as official programs take them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file
from spanbert_allen.common.record_checks import shown


class ResultTable:
    """
    Take results line by line, as `allennlp predict` gives them.

    # Parameters

    file : `IO[str]`
        The file to write.
    row : `Callable[[Mapping[str, Any]], str]`
        The row of a result, without its line end.
    """

    def __init__(self, file: IO[str], row: Callable[[Mapping[str, Any]], str]) -> None:
        self._file = file
        self._row = row
        self._ids: set[str] = set()

    def write(self, line: str) -> None:
        """
        Add a result; an error record, which predicts nothing, is left out.

        Raises a `DataError` for a second result of one id: the file could not be read.
        """
        result = json.loads(line)
        if "error" in result:
            return
        if result["id"] in self._ids:
            raise DataError(
                f"the id {shown(result['id'])} is there twice, but an official file has one row "
                "for each; give each record its own, or name the output .jsonl"
            )
        self._ids.add(result["id"])
        self._file.write(f"{self._row(result)}\n")

    def close(self) -> None:
        """Do nothing: the file is closed where it was opened."""


@contextmanager
def result_table(
    path: str | Path, row: Callable[[Mapping[str, Any]], str], *, header: str | None = None
) -> Iterator[ResultTable]:
    """
    Open the file, which appears whole or not at all.

    # Parameters

    path : `str | Path`
        As for `replace_file`.
    row : `Callable[[Mapping[str, Any]], str]`
        As for `ResultTable`.
    header : `str`, optional (default = `None`)
        Its first line.
    """
    with replace_file(path) as file:
        if header is not None:
            file.write(f"{header}\n")
        yield ResultTable(file, row)
