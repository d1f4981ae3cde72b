"""The pair of schedules of coreference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from allennlp.training.learning_rate_schedulers import LearningRateScheduler

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.schedules.formulas import (
    check_warmup,
    linear,
    linear_with_warmup,
    warmup_over_linear,
)
from spanbert_allen.training.schedules.update_schedule import PLACE, UpdateSchedule


@LearningRateScheduler.register("spanbert_coref")
class CorefRates(UpdateSchedule):
    """
    The encoder's rate warms up, the task's starts at its peak; both end at 0 on a straight line.

    # Parameters

    optimizer : `torch.optim.Optimizer`
        The trainer passes it.
    num_epochs : `int`
        The trainer passes it.
    num_steps_per_epoch : `int`
        The trainer passes it.
    encoder_groups : `list[int | str]`, optional (default = `["encoder"]`)
        The encoder's parameter groups: each by its position in `parameter_groups`, or by
        the `name` that it has there. All others are the task's.
    warmup_proportion : `float`, optional (default = `0.1`)
        The share of the run that is the encoder's warm-up.
    falls_after_warmup : `bool`, optional (default = `False`)
        Whether the warm-up only replaces the first part of a line that falls over the whole run, as
        in the TensorFlow system: the rate then falls at once, by a tenth of the peak for a tenth of
        warm-up. By default the line falls from where the warm-up ends, as in the PyTorch one.
    total_steps : `int`, optional (default = `None`)
        The updates of the whole run; by default those of `num_epochs` whole epochs.

    # Errors

    `ConfigError` for a group that there is not.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_epochs: int | None = None,
        num_steps_per_epoch: int | None = None,
        *,
        encoder_groups: Sequence[int | str] = ("encoder",),
        warmup_proportion: float = 0.1,
        falls_after_warmup: bool = False,
        total_steps: int | None = None,
    ):
        super().__init__(optimizer, num_epochs, num_steps_per_epoch, total_steps=total_steps)
        check_warmup(warmup_proportion, f"{PLACE}.warmup_proportion")
        self.warmup_proportion = warmup_proportion
        self.falls_after_warmup = falls_after_warmup
        self.encoder_groups = _positions(encoder_groups, optimizer.param_groups)

    def factor(self, group: int, progress: float) -> float:
        """Return the share of the peak rate, by whether the group is the encoder's."""
        if group not in self.encoder_groups:
            return linear(progress)
        schedule = warmup_over_linear if self.falls_after_warmup else linear_with_warmup
        return schedule(progress, self.warmup_proportion)


def _positions(wanted: Sequence[int | str], groups: Sequence[dict[str, Any]]) -> list[int]:
    """Return the positions of groups that are given by position or name."""
    positions: list[int] = []
    for group in wanted:
        if isinstance(group, int):
            found = [group] if 0 <= group < len(groups) else []
        else:
            found = [i for i, options in enumerate(groups) if options.get("name") == group]
        if not found:
            names = sorted({options["name"] for options in groups if "name" in options})
            raise ConfigError(
                f"`{PLACE}.encoder_groups`: the optimizer has no parameter group {group!r}; it has "
                f"{len(groups)} groups, with the names {', '.join(names) or '(none)'}: set `name` "
                "in `trainer.optimizer.parameter_groups`, or give a position from 0"
            )
        positions += found
    return positions
