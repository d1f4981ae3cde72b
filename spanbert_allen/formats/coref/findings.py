"""What is done with the mistakes in a data file: stop at the first, or note them all and go on."""

from __future__ import annotations

import logging
from pathlib import Path

from spanbert_allen.common.errors import DataError

logger = logging.getLogger(__name__)


class Findings:
    """
    What a reader of coreference files does with what is wrong in them. By itself: the first problem
    is raised; what the reader puts right by itself is counted, and logged when the file ends.
    """

    def __init__(self) -> None:
        self.num_mended = 0
        self._first_mended: DataError | None = None

    def problem(self, error: DataError) -> None:
        """Something that cannot be read. If this returns, the document it is in is left out."""
        raise error

    def mended(self, error: DataError) -> None:
        """Something that the reader puts right, such as two clusters that share a mention."""
        self.num_mended += 1
        self._first_mended = self._first_mended or error

    def end_of_file(self) -> None:
        """Say what was put right, once."""
        if self._first_mended is not None:
            logger.warning(
                "%d places put right in reading; the first: %s",
                self.num_mended,
                self._first_mended,
            )
        self.num_mended, self._first_mended = 0, None


class RecordFindings:
    """
    The findings in one record of a file of JSON lines.

    # Parameters

    findings : `Findings`
        Told of each, with its place.
    path, line : optional (default = `None`)
        Where the record stands.
    """

    def __init__(
        self, findings: Findings, path: str | Path | None = None, line: int | None = None
    ) -> None:
        self._findings, self._path, self._line = findings, path, line
        self.num_problems = 0

    def problem(self, what: Exception) -> None:
        """As for `Findings`."""
        self.num_problems += 1
        self._findings.problem(DataError(str(what), self._path, self._line))

    def mended(self, what: Exception) -> None:
        """As for `Findings`."""
        self._findings.mended(DataError(str(what), self._path, self._line))
