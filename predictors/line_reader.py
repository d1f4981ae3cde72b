"""Lines of output, handed on as results."""

from __future__ import annotations

import json

from spanbert_allen.results.writing.writers import ResultWriter


class LineReader:
    """
    Take lines of output as `allennlp predict` gives them.

    # Parameters

    writer : `ResultWriter`
        Gets the results that they hold.
    """

    def __init__(self, writer: ResultWriter) -> None:
        self._writer = writer

    def write(self, line: str) -> None:
        """Hand a result on."""
        self._writer.add(json.loads(line))

    def close(self) -> None:
        """Do nothing: the writer ends its files after AllenNLP has closed this."""
