"""What the learning-rate schedulers have in common: the rate of every single update."""

from __future__ import annotations

import torch
from allennlp.training.learning_rate_schedulers import LearningRateScheduler

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.schedules.formulas import check_total_steps

PLACE = "trainer.learning_rate_scheduler"


class UpdateSchedule(LearningRateScheduler):
    """
    Sets the rate of each update to what the schedule has at that update, counted from 0.

    AllenNLP's trainer calls `step_batch` before the optimizer and passes the number of updates made
    plus 1, and AllenNLP's own schedulers take that number as it is, so that each of their updates
    has its successor's rate. Here it is taken for what it is.

    # Parameters

    optimizer : `torch.optim.Optimizer`
        The trainer passes it.
    num_epochs : `int`
        The trainer passes it.
    num_steps_per_epoch : `int`
        The trainer passes it: updates of an epoch, the last short group of batches counted;
        `None` if the data loader has no length.
    total_steps : `int`, optional (default = `None`)
        The updates of the whole run; by default those of `num_epochs` whole epochs.

    # Errors

    `ConfigError` if the length of the run is unknown.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_epochs: int | None = None,
        num_steps_per_epoch: int | None = None,
        *,
        total_steps: int | None = None,
    ):
        super().__init__(optimizer)
        if total_steps is None:
            if num_epochs is None or num_steps_per_epoch is None:
                raise ConfigError(
                    f"`{PLACE}.total_steps` is not set, and the data loader does not tell how many "
                    "batches it has: give the number of updates of the whole run"
                )
            total_steps = num_epochs * num_steps_per_epoch
        check_total_steps(total_steps, f"{PLACE}.total_steps")
        self.total_steps = total_steps
        self.steps = 0
        self._least_progress = 0.0

    def set_least_progress(self, progress: float) -> None:
        """
        Tell the scheduler how far the run is at least, before each update of one with a time limit.

        # Parameters

        progress : `float`
            From 0 to 1; the share of the updates that were made counts if it is more.
        """
        self._least_progress = progress

    def factor(self, group: int, progress: float) -> float:
        """
        Return the share of the peak rate.

        # Parameters

        group : `int`
            The parameter group's position in the optimizer.
        progress : `float`
            Updates made so far, divided by those of the whole run.

        # Returns

        From 0 to 1.
        """
        raise NotImplementedError

    def get_values(self) -> list[float]:
        """Return the rate of each parameter group at the next update."""
        progress = max(self.steps / self.total_steps, self._least_progress)
        return [rate * self.factor(i, progress) for i, rate in enumerate(self.base_values)]

    def step(self, metric: float | None = None) -> None:
        """Nothing: the end of an epoch changes no rate."""

    def step_batch(self, batch_num_total: int | None = None) -> None:
        """
        Set the rates of the update that follows.

        # Parameters

        batch_num_total : `int`, optional (default = `None`)
            The number of this update, counted from 1; by default the one after the last.
        """
        self.steps = self.steps + 1 if batch_num_total is None else batch_num_total - 1
        for group, rate in zip(self.optimizer.param_groups, self.get_values(), strict=True):
            group["lr"] = rate
