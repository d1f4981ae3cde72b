"""Losses added up over batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from allennlp.nn.util import dist_reduce_sum

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


def losses_of(outputs: dict[str, Any]) -> dict[str, float]:
    """Return the losses in a model's output as numbers; empty if it has none."""
    return {name: outputs[name].item() for name in LOSSES if outputs.get(name) is not None}
