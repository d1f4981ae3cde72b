"""
The files that GLUE takes, and that the original program calls `predictions.tsv`: a header
`index<TAB>prediction`, then for each row its number from 0 and the name of its class, or a number
with six decimals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from spanbert_allen.common.files import replace_file

ENDING = ".tsv"
"""How the name of such a file ends; `.gz` may follow."""


class GlueSubmission:
    """
    Takes results line by line, as `allennlp predict` gives them.

    # Parameters

    file : `IO[str]`
        The file to write.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._file.write("index\tprediction\n")

    def write(self, line: str) -> None:
        """Adds a result; an error record, whose row has no prediction, is left out."""
        result = json.loads(line)
        if "error" in result:
            return
        prediction = result["label"] if "label" in result else f"{result['score']:.6f}"
        self._file.write(f"{result['id']}\t{prediction}\n")

    def close(self) -> None:
        """Nothing: the file is closed where it was opened."""


@contextmanager
def glue_submission(path: str | Path) -> Iterator[GlueSubmission]:
    """The file, which appears whole or not at all."""
    with replace_file(path) as file:
        yield GlueSubmission(file)
