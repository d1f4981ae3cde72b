"""The schedule of fine-tuning."""

from __future__ import annotations

import torch
from allennlp.training.learning_rate_schedulers import LearningRateScheduler

from spanbert_allen.training.schedules.formulas import check_warmup, linear_with_warmup
from spanbert_allen.training.schedules.update_schedule import PLACE, UpdateSchedule


@LearningRateScheduler.register("spanbert_linear_with_warmup")
class LinearWithWarmup(UpdateSchedule):
    """
    Up from 0 to each group's peak rate in the first part of the run, then down to 0.

    # Parameters

    optimizer : `torch.optim.Optimizer`
        The trainer passes it.
    num_epochs : `int`
        The trainer passes it.
    num_steps_per_epoch : `int`
        The trainer passes it.
    warmup_proportion : `float`, optional (default = `0.1`)
        The share of the run that is warm-up; no whole number of updates need come of it.
    total_steps : `int`, optional (default = `None`)
        The updates of the whole run; by default those of `num_epochs` whole epochs.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_epochs: int | None = None,
        num_steps_per_epoch: int | None = None,
        *,
        warmup_proportion: float = 0.1,
        total_steps: int | None = None,
    ):
        super().__init__(optimizer, num_epochs, num_steps_per_epoch, total_steps=total_steps)
        check_warmup(warmup_proportion, f"{PLACE}.warmup_proportion")
        self.warmup_proportion = warmup_proportion

    def factor(self, group: int, progress: float) -> float:
        """Return the share of the peak rate, the same in every group."""
        return linear_with_warmup(progress, self.warmup_proportion)
