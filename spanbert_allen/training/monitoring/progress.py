"""The progress of a run, on a terminal or in the log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import IO

from tqdm import tqdm

from spanbert_allen.training.monitoring.speed import Speed
from spanbert_allen.training.schedules.time_budget import TimeBudget

logger = logging.getLogger(__name__)

_REPORTS = 10
"""So many lines a run writes into the log where there is no terminal."""
_SECONDS_OF_SPEED = 2.0
"""A terminal shows the speed anew after so many seconds."""


class RunProgress:
    """
    Show how far a run is, at what rate it goes on and how long it will take.

    On a terminal it is a bar, otherwise a line of the log at each tenth of the run, by updates or
    by time, whichever is further. To be used in a `with` statement.

    # Parameters

    total : `int`, optional
        The updates of the whole run; `None` if nobody knows.
    done : `int`, optional (default = `0`)
        How many an earlier process has made.
    is_shown : `bool`, optional (default = `True`)
        Whether this worker shows anything.
    stream : `IO[str]`, optional
        The terminal, if it is one; by default standard error.
    budget : `TimeBudget`, optional (default = `TimeBudget()`)
        The time of the whole run.
    clock : `Callable[[], float]`, optional (default = `time.monotonic`)
        The time in seconds.
    """

    def __init__(
        self,
        total: int | None,
        done: int = 0,
        *,
        is_shown: bool = True,
        stream: IO[str] | None = None,
        budget: TimeBudget | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        stream = sys.stderr if stream is None else stream
        self._total, self._first, self._done = total, done, done
        self._is_shown = is_shown
        self._budget, self._clock = budget or TimeBudget(), clock
        self._started = self._bar_told = clock()
        self._tenths: int | None = None
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

    def update(
        self,
        loss: float,
        epoch: int,
        *,
        seconds: float = 0.0,
        speed: Callable[[], Speed] | None = None,
    ) -> None:
        """
        Count one update.

        # Parameters

        loss : `float`
            Its loss.
        epoch : `int`
            From 0.
        seconds : `float`, optional (default = `0.0`)
            How long the run has taken, for one with a budget of time.
        speed : `Callable[[], Speed]`, optional (default = `None`)
            Tells how fast it goes; called only when that is shown.
        """
        if self._tenths is None:
            self._tenths = self._tenths_of(seconds)
        self._done += 1
        if self._bar is not None:
            if speed is not None and self._clock() - self._bar_told >= _SECONDS_OF_SPEED:
                self._bar_told = self._clock()
                self._bar.set_postfix_str(speed().sentence(), refresh=False)
            self._bar.set_description(f"epoch {epoch + 1}, loss {loss:.4g}", refresh=False)
            self._bar.update()
        elif self._is_shown and (tenths := self._tenths_of(seconds)) > self._tenths:
            self._tenths = tenths
            rest = "" if speed is None else f", {speed().sentence()}"
            logger.info("%s%s", self._line(loss, epoch, seconds), rest)

    def note(self, text: str) -> None:
        """
        Say what else is going on.

        # Parameters

        text : `str`
            Shown on a terminal until the next update.
        """
        if self._bar is not None:
            self._bar.set_description(text)

    def _tenths_of(self, seconds: float) -> int:
        """Return how many tenths of the run are done, by updates or time, whichever are more."""
        by_updates = self._done * _REPORTS // self._total if self._total else 0
        return max(by_updates, int(_REPORTS * self._budget.share(seconds)))

    def _line(self, loss: float, epoch: int, seconds: float) -> str:
        rate = (self._done - self._first) / max(self._clock() - self._started, 1e-9)
        left = self._budget.left(seconds)
        if self._total:
            left = min(left, (self._total - self._done) / rate)
        of = "" if self._total is None else f" of {self._total}"
        part = f", {self._budget.share(seconds):.0%} of the time" if self._budget.is_set else ""
        return (
            f"update {self._done}{of} (epoch {epoch + 1}{part}): loss {loss:.4g}, "
            f"{rate:.3g} updates a second, {timedelta(seconds=round(left))} left"
        )
