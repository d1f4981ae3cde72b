"""How fast a training goes, and what its time is spent on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from allennlp.data import TensorDict
from allennlp.nn.util import dist_reduce_sum


@dataclass(frozen=True)
class Speed:
    """
    The speed of a part of a training, evaluations left out.

    # Parameters

    waiting_share : `float`
        The share of the time in which the model waited for the data loader.
    pieces_per_second : `float`, optional (default = `None`)
        Word pieces of all workers, padding left out; `None` for batches that do not tell them.
    padding_share : `float`, optional (default = `None`)
        How much of the batches was padding; `None` likewise.
    """

    waiting_share: float
    pieces_per_second: float | None = None
    padding_share: float | None = None

    def as_metrics(self) -> dict[str, float]:
        """Return what is known, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def sentence(self) -> str:
        """Return a line for people."""
        waiting = f"{self.waiting_share:.0%} waiting for data"
        if self.pieces_per_second is None or self.padding_share is None:
            return waiting
        return (
            f"{self.pieces_per_second:,.0f} pieces/s, {self.padding_share:.0%} padding, {waiting}"
        )


class SpeedMeter:
    """
    Measure the speed of a training by the batches that it takes.

    Pieces are counted where a batch has `segment_ids`, which are -1 at padding. They are added up
    on the batch's device, which is asked for the sum only when somebody looks.

    # Parameters

    clock : `Callable[[], float]`, optional (default = `time.monotonic`)
        The time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Forget what was measured, and begin anew."""
        self._since = self._clock()
        self._waiting = 0.0
        self._padded = 0
        self._real: torch.Tensor | None = None

    def watch(self, batches: Iterator[TensorDict]) -> Iterator[TensorDict]:
        """
        Yield batches, and measure them and the time that each takes to come.

        # Parameters

        batches : `Iterator[TensorDict]`
            Those of the data loader.
        """
        while True:
            began = self._clock()
            batch = next(batches, None)
            self._waiting += self._clock() - began
            if batch is None:
                return
            self._count(batch)
            yield batch

    def look(self) -> Speed:
        """Return the speed of this worker since the beginning."""
        return _speed(self._clock() - self._since, self._waiting, self._padded, self._real)

    def take(self) -> Speed:
        """Return the speed of all workers so far, and begin anew; all of them must call this."""
        seconds = self._clock() - self._since
        num_workers = dist_reduce_sum(1)
        numbers = seconds, self._waiting, self._padded, 0 if self._real is None else int(self._real)
        seconds, waiting, padded, real = (dist_reduce_sum(number) for number in numbers)
        self.restart()
        total = torch.tensor(real) if padded else None
        return _speed(seconds / num_workers, waiting / num_workers, padded, total)

    def _count(self, batch: TensorDict) -> None:
        segment_ids = batch.get("segment_ids")
        if not isinstance(segment_ids, torch.Tensor):
            return
        # Shape: ()
        real = (segment_ids >= 0).sum()
        self._real = real if self._real is None else self._real + real
        self._padded += segment_ids.numel()


def _speed(seconds: float, waiting: float, padded: int, real: torch.Tensor | None) -> Speed:
    seconds = max(seconds, 1e-9)
    share = min(1.0, waiting / seconds)
    if real is None:
        return Speed(share)
    number = int(real)
    return Speed(share, number / seconds, 1 - number / max(1, padded))
