"""Which task's batch comes when in a training of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spanbert_allen.common.errors import ConfigError


class PlannedBatch(NamedTuple):
    """One batch of a task: its place in one of the task's passes over its data."""

    task: str
    data_pass: int
    place: int


class TaskSchedule:
    """
    Interleave the batches of several tasks, the same in every run with one seed.

    Within an epoch the batches of a task lie about as far from each other as they can, from a
    random beginning. A task whose share of an epoch is not a whole pass over its data goes on in
    the next epoch where it stopped.

    # Parameters

    sizes : `Mapping[str, int]`
        The number of batches of a pass over the data of each task.
    weights : `Mapping[str, float]`, optional (default = `sizes`)
        The shares of the tasks in the batches of an epoch.
    batches_per_epoch : `int`, optional (default = the sum of `sizes`)
        The number of batches of an epoch.
    seed : `int`
        What the order follows from.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        weights: Mapping[str, float] | None = None,
        batches_per_epoch: int | None = None,
        seed: int,
    ) -> None:
        self._sizes = dict(sizes)
        self._seed = seed
        total = sum(sizes.values()) if batches_per_epoch is None else batches_per_epoch
        if total < len(sizes):
            raise ConfigError(
                f"data_loader.batches_per_epoch: {total} is less than a batch for each of the "
                f"{len(sizes)} tasks"
            )
        shares = sizes if weights is None else {task: weights.get(task, 1.0) for task in sizes}
        if any(share <= 0 for share in shares.values()):
            raise ConfigError(
                f"data_loader.weights: {dict(shares)}: each task needs a weight above 0, and data; "
                "leave a task without either out"
            )
        self.counts = _apportioned(shares, total)
        """How many batches an epoch has of each task."""

    def epoch(self, number: int) -> list[PlannedBatch]:
        """Return the batches of an epoch, counted from 0, in their order."""
        random = np.random.default_rng((self._seed, number))
        placed: list[tuple[float, int, PlannedBatch]] = []
        for rank, (task, count) in enumerate(self.counts.items()):
            offset = random.random()
            for i in range(count):
                data_pass, place = divmod(number * count + i, self._sizes[task])
                position = (i + offset) / count
                placed.append((position, rank, PlannedBatch(task, data_pass, place)))
        return [batch for _, _, batch in sorted(placed)]

    def one_pass(self) -> list[PlannedBatch]:
        """Return every batch of the first pass over the data, one task after the other."""
        return [
            PlannedBatch(task, 0, place)
            for task, size in self._sizes.items()
            for place in range(size)
        ]


def _apportioned(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Return whole numbers in proportion to the shares, 1 at least, that add up to the total."""
    whole = sum(shares.values())
    exact = {task: total * share / whole for task, share in shares.items()}
    counts = {task: max(1, int(value)) for task, value in exact.items()}
    while sum(counts.values()) != total:
        step = 1 if sum(counts.values()) < total else -1
        able = [task for task in counts if counts[task] + step >= 1]
        task = max(able, key=lambda one: step * (exact[one] - counts[one]))
        counts[task] += step
    return counts
