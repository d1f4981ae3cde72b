"""Losses added up over batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from allennlp.nn.util import dist_reduce_sum

from spanbert_allen.modules.layers.transfers import to_cpu

LOSSES = ("loss", "reg_loss")
"""The losses in a model's output: the whole, and what of it a regularizer adds."""


@dataclass
class LossSums:
    """
    The losses of some batches of this worker.

    # Parameters

    sums : `dict[str, float]`
        By name, those of `LOSSES` that the model has.
    num_batches : `int`
        How many were added.
    """

    sums: dict[str, float] = field(default_factory=dict)
    num_batches: int = 0

    def add(self, losses: dict[str, float]) -> None:
        """Add those of one batch."""
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + loss
        self.num_batches += 1

    def means(self) -> dict[str, float]:
        """Return the means over the batches of all workers, which all must call this."""
        num_batches = dist_reduce_sum(self.num_batches)
        means = {}
        for name in LOSSES:
            # This worker may have had none since the others had their last.
            num_workers = dist_reduce_sum(int(name in self.sums))
            total = dist_reduce_sum(self.sums.get(name, 0.0))
            if num_workers:
                means[name] = total / num_batches
        return means

    def local_means(self) -> dict[str, float]:
        """Return the means over the batches of this worker."""
        return {name: total / self.num_batches for name, total in self.sums.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return the state for `load_state_dict`."""
        return {"sums": dict(self.sums), "num_batches": self.num_batches}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the sums of a state."""
        self.sums, self.num_batches = dict(state["sums"]), state["num_batches"]


def losses_of(outputs: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """
    Return the losses in a model's outputs as numbers, which are read in one copy.

    # Parameters

    outputs : `Sequence[dict[str, Any]]`
        Those of several batches.

    # Returns

    `list[dict[str, float]]`
        For each batch; empty if the output has no loss.
    """
    found = [(i, name) for i, one in enumerate(outputs) for name in LOSSES if name in one]
    found = [(i, name) for i, name in found if outputs[i][name] is not None]
    losses: list[dict[str, float]] = [{} for _ in outputs]
    numbers = to_cpu(*(outputs[i][name].detach() for i, name in found))
    for (i, name), number in zip(found, numbers, strict=True):
        losses[i][name] = number.item()
    return losses
