"""How many batches make an update."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from spanbert_allen.common.errors import ConfigError

LEFTOVERS = ("update", "carry", "drop")

T = TypeVar("T")


@dataclass(frozen=True)
class Group(Generic[T]):
    """
    Batches whose gradients are added up.

    # Parameters

    batches : `list[T]`
        At least one.
    updates : `bool`
        Whether an update follows them.
    """

    batches: list[T]
    updates: bool


class Accumulation:
    """
    Groups the batches of an epoch into updates.

    # Parameters

    steps : `int`
        The batches of an update.
    leftover : `str`, optional (default = `"update"`)
        What becomes of the batches at the end of an epoch that are too few for an update.
        `update`: they make a smaller one of their own mean, as in AllenNLP. `carry`: they make
        none, but their gradients stay and are added to those of the next epoch's first update, as
        in the original programs. `drop`: they are left out.

    # Errors

    `ConfigError` for a number below 1 or an unknown rule.
    """

    def __init__(self, steps: int = 1, leftover: str = "update"):
        if steps < 1:
            raise ConfigError(
                f"`trainer.num_gradient_accumulation_steps` is {steps}: it must be 1 or more"
            )
        if leftover not in LEFTOVERS:
            raise ConfigError(
                f"`trainer.leftover` is {leftover!r}: it must be one of {', '.join(LEFTOVERS)}"
            )
        self.steps = steps
        self.leftover = leftover

    def num_updates(self, num_batches: int) -> int:
        """Return the number of updates of an epoch of so many batches."""
        if self.leftover == "update":
            return math.ceil(num_batches / self.steps)
        return num_batches // self.steps

    def groups(self, batches: Iterable[T]) -> Iterator[Group[T]]:
        """
        Yield the groups of an epoch; each batch is read only when it is needed.

        # Parameters

        batches : `Iterable[T]`
            Those of the epoch, in order; after a restart in its midst, those still to come.
        """
        group: list[T] = []
        for batch in batches:
            group.append(batch)
            if len(group) == self.steps:
                yield Group(group, updates=True)
                group = []
        if group and self.leftover != "drop":
            yield Group(group, updates=self.leftover == "update")
