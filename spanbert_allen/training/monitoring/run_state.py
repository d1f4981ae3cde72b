"""The state of a training run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spanbert_allen.training.monitoring.loss_sums import LossSums


@dataclass
class RunState:
    """
    The counts of a run so far, beside those of AllenNLP's trainer.

    # Parameters

    batches_done : `int`
        The batches of the running epoch, updates or not.
    best_update : `int`, optional (default = `None`)
        The number of updates that the best weights had; `None` before there are any.
    metrics : `dict[str, Any]`
        What `metrics.json` will say.
    training_metrics : `dict[str, float]`
        Those taken last.
    losses : `LossSums`
        Since the evaluation before.
    epoch_losses : `LossSums`
        Since the epoch began.
    speed : `dict[str, float]`
        Those of `Speed` that are known, as they were taken last.
    evaluates : `bool`, optional (default = `None`)
        Whether the running epoch ends with an evaluation, as the callbacks have decided at the end
        of the one before; `None` in the first one.
    clock : `Callable[[], float]`, optional (default = `time.monotonic`)
        The time in seconds.
    """

    batches_done: int = 0
    best_update: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    training_metrics: dict[str, float] = field(default_factory=dict)
    losses: LossSums = field(default_factory=LossSums)
    epoch_losses: LossSums = field(default_factory=LossSums)
    speed: dict[str, float] = field(default_factory=dict)
    evaluates: bool | None = None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._started = self.clock()

    @property
    def seconds(self) -> float:
        """Return how long the run has taken, all its parts together."""
        return self.clock() - self._started

    def count_loss(self, losses: dict[str, float]) -> None:
        """Count the losses of one batch."""
        self.losses.add(losses)
        self.epoch_losses.add(losses)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for `load_state_dict`: plain values."""
        return {
            "batches_done": self.batches_done,
            "best_update": self.best_update,
            "metrics": dict(self.metrics),
            "training_metrics": dict(self.training_metrics),
            "losses": self.losses.state_dict(),
            "epoch_losses": self.epoch_losses.state_dict(),
            "speed": dict(self.speed),
            "evaluates": self.evaluates,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.batches_done, self.best_update = state["batches_done"], state["best_update"]
        self.metrics, self.training_metrics = dict(state["metrics"]), state["training_metrics"]
        self.losses.load_state_dict(state["losses"])
        self.epoch_losses.load_state_dict(state["epoch_losses"])
        self.speed = dict(state.get("speed", {}))  # not in checkpoints of 0.2.0
        self.evaluates = state.get("evaluates")
        self._started = self.clock() - state["seconds"]
