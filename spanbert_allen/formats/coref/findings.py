"""What is done with mistakes in a data file: stop at the first, or note them all and go on."""

from __future__ import annotations

import logging
from pathlib import Path

from spanbert_allen.common.errors import DataError

logger = logging.getLogger(__name__)


class Findings:
    """
    Decide what a reader of coreference files does with what is wrong in them.

    This class raises the first problem. What the reader repairs itself is counted, and logged when
    the file ends.
    """

    keeps_repeated = False
    """Whether mentions that clusters repeat are kept as they stand in the file, for scorers."""

    def __init__(self) -> None:
        self.num_bad_documents = 0
        """How many documents were left out so far."""
        self.num_repaired = 0
        self._first_repaired: DataError | None = None

    def problem(self, error: DataError) -> None:
        """Take something that cannot be read; if this returns, its document is left out."""
        raise error

    def left_out(self) -> None:
        """Count a document that is left out, however many problems it has."""
        self.num_bad_documents += 1

    def repaired(self, error: DataError) -> None:
        """Take something that the reader repairs, such as two clusters that share a mention."""
        self.num_repaired += 1
        self._first_repaired = self._first_repaired or error

    def end_of_file(self) -> None:
        """Log what was repaired, once a file."""
        if self._first_repaired is not None:
            logger.warning(
                "%d places repaired in reading; the first: %s",
                self.num_repaired,
                self._first_repaired,
            )
        self.num_repaired, self._first_repaired = 0, None


class RepeatedKept(Findings):
    """Stop at the first problem, but keep repeated mentions, which scorers treat their own way."""

    keeps_repeated = True


class RecordFindings:
    """
    Hold the findings in one record of a file of JSON lines.

    # Parameters

    findings : `Findings`
        Told of each, with its place.
    path, line : optional (default = `None`)
        Where the record stands.
    name : `str`, optional (default = `None`)
        What messages call the record, where a line may hold several, as in `task 3`.
    """

    def __init__(
        self,
        findings: Findings,
        path: str | Path | None = None,
        line: int | None = None,
        name: str | None = None,
    ) -> None:
        self._findings, self._path, self._line = findings, path, line
        self._prefix = "" if name is None else f"{name}: "
        self.keeps_repeated = findings.keeps_repeated
        self.num_problems = 0

    def problem(self, what: Exception) -> None:
        """Take something that cannot be read, as `Findings` does."""
        self.num_problems += 1
        self._findings.problem(DataError(f"{self._prefix}{what}", self._path, self._line))

    def repaired(self, what: Exception) -> None:
        """Take something that the reader repairs, as `Findings` does."""
        self._findings.repaired(DataError(f"{self._prefix}{what}", self._path, self._line))
