"""The progress of a run, on a terminal or in the log."""

from __future__ import annotations

import logging
import sys
import time
from datetime import timedelta
from typing import IO

from tqdm import tqdm

logger = logging.getLogger(__name__)

_REPORTS = 10
"""So many lines a run writes into the log where there is no terminal."""


class RunProgress:
    """
    Show how far a run is, at what rate it goes on and how long it will take.

    On a terminal it is a bar, otherwise a line of the log at each tenth of the run. To be used in a
    `with` statement.

    # Parameters

    total : `int`, optional
        The updates of the whole run; `None` if nobody knows.
    done : `int`, optional (default = `0`)
        How many an earlier process has made.
    is_shown : `bool`, optional (default = `True`)
        Whether this worker shows anything.
    stream : `IO[str]`, optional
        The terminal, if it is one; by default standard error.
    """

    def __init__(
        self,
        total: int | None,
        done: int = 0,
        *,
        is_shown: bool = True,
        stream: IO[str] | None = None,
    ) -> None:
        stream = sys.stderr if stream is None else stream
        self._total, self._first, self._done = total, done, done
        self._is_shown = is_shown
        self._started = time.monotonic()
        self._bar: tqdm | None = None
        if is_shown and stream.isatty():
            self._bar = tqdm(
                total=total, initial=done, unit="update", file=stream, dynamic_ncols=True
            )

    def __enter__(self) -> RunProgress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, loss: float, epoch: int) -> None:
        """
        Count one update.

        # Parameters

        loss : `float`
            Its loss.
        epoch : `int`
            From 0.
        """
        self._done += 1
        if self._bar is not None:
            self._bar.set_description(f"epoch {epoch + 1}, loss {loss:.4g}", refresh=False)
            self._bar.update()
        elif self._is_shown and self._is_tenth():
            logger.info("%s", self._line(loss, epoch))

    def note(self, text: str) -> None:
        """
        Say what else is going on.

        # Parameters

        text : `str`
            Shown on a terminal until the next update.
        """
        if self._bar is not None:
            self._bar.set_description(text)

    def _is_tenth(self) -> bool:
        if not self._total:
            return False
        return self._done * _REPORTS // self._total > (self._done - 1) * _REPORTS // self._total

    def _line(self, loss: float, epoch: int) -> str:
        assert self._total is not None
        rate = (self._done - self._first) / max(time.monotonic() - self._started, 1e-9)
        left = timedelta(seconds=round((self._total - self._done) / rate))
        return (
            f"update {self._done} of {self._total} (epoch {epoch + 1}): loss {loss:.4g}, "
            f"{rate:.3g} updates a second, {left} left"
        )
