"""
The learning rate scheduler `reduce_on_plateau` on a torch whose own has no `verbose`.

**Cause.** AllenNLP passes `verbose=` to `torch.optim.lr_scheduler.ReduceLROnPlateau` whether the
configuration names it or not; torch deprecated the option in 2.2 and has removed it, so that
building the scheduler, alone or inside `combined`, is a `TypeError`.

**Repair.** The constructor is the same, and `verbose`, which only printed, no longer reaches torch.
AllenNLP's own log shows the learning rate of each epoch.
"""

from __future__ import annotations

import inspect
from typing import Literal

import torch
from allennlp.training.learning_rate_schedulers.pytorch_lr_schedulers import (
    ReduceOnPlateauLearningRateScheduler,
)
from torch.optim.lr_scheduler import ReduceLROnPlateau


def needed() -> bool:
    return "verbose" not in inspect.signature(ReduceLROnPlateau).parameters


def apply() -> None:
    # mypy: a constructor is replaced on purpose; AllenNLP's `from_params` reads its annotations.
    ReduceOnPlateauLearningRateScheduler.__init__ = _init


def _init(
    self: ReduceOnPlateauLearningRateScheduler,
    optimizer: torch.optim.Optimizer,
    mode: Literal["min", "max"] = "min",
    factor: float = 0.1,
    patience: int = 10,
    verbose: bool = False,
    threshold_mode: Literal["rel", "abs"] = "rel",
    threshold: float = 1e-4,
    cooldown: int = 0,
    min_lr: float | list[float] = 0,
    eps: float = 1e-8,
) -> None:
    self.lr_scheduler = ReduceLROnPlateau(
        optimizer,
        mode=mode,
        factor=factor,
        patience=patience,
        threshold_mode=threshold_mode,
        threshold=threshold,
        cooldown=cooldown,
        min_lr=min_lr,
        eps=eps,
    )
