"""Losses added up over batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from allennlp.nn.util import dist_reduce_sum


@dataclass
class LossSums:
    """
    The losses of some batches of this worker.

    # Parameters

    sums : `dict[str, float]`
        `loss` and, for a model with a regularizer, `reg_loss`.
    num_batches : `int`
        How many were added.
    """

    sums: dict[str, float] = field(default_factory=dict)
    num_batches: int = 0

    def add(self, **losses: float) -> None:
        """Add those of one batch."""
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + loss
        self.num_batches += 1

    def means(self) -> dict[str, float]:
        """The mean over all batches of all workers; 0 if there were none."""
        num_batches = dist_reduce_sum(self.num_batches)
        sums = {"loss": 0.0, **self.sums}
        return {
            name: dist_reduce_sum(total) / num_batches if num_batches else 0.0
            for name, total in sums.items()
        }

    def local_means(self) -> dict[str, float]:
        """The mean over the batches of this worker."""
        return {name: total / self.num_batches for name, total in self.sums.items()}

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"sums": dict(self.sums), "num_batches": self.num_batches}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with other sums."""
        self.sums, self.num_batches = dict(state["sums"]), state["num_batches"]
