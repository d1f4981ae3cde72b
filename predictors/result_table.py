"""Files with a row for each result, as official programs take them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from spanbert_allen.common.files import replace_file


class ResultTable:
    """
    Takes results line by line, as `allennlp predict` gives them.

    # Parameters

    file : `IO[str]`
        The file to write.
    row : `Callable[[Mapping[str, Any]], str]`
        The row of a result, without its line end.
    """

    def __init__(self, file: IO[str], row: Callable[[Mapping[str, Any]], str]) -> None:
        self._file = file
        self._row = row

    def write(self, line: str) -> None:
        """Adds a result; an error record, which predicts nothing, is left out."""
        result = json.loads(line)
        if "error" not in result:
            self._file.write(f"{self._row(result)}\n")

    def close(self) -> None:
        """Nothing: the file is closed where it was opened."""


@contextmanager
def result_table(
    path: str | Path, row: Callable[[Mapping[str, Any]], str], *, header: str | None = None
) -> Iterator[ResultTable]:
    """
    The file, which appears whole or not at all.

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
