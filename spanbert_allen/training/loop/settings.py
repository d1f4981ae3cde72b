"""The settings that the trainer `spanbert` adds to AllenNLP's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """
    The settings of a `TrainingLoop` beside AllenNLP's.

    # Parameters

    precision, leftover, evaluate_every_updates, evaluations_per_epoch, evaluate_at_end, compile, \
deterministic, announce_memory, max_hours
        As for `SpanbertTrainer`.
    clock : `Callable[[], float]`, optional (default = `time.monotonic`)
        The time in seconds.
    """

    precision: str = "fp32"
    leftover: str = "update"
    evaluate_every_updates: int | None = None
    evaluations_per_epoch: int | None = None
    evaluate_at_end: bool = True
    compile: bool | str = False
    deterministic: bool = False
    announce_memory: bool = True
    max_hours: float | None = None
    clock: Callable[[], float] = time.monotonic
