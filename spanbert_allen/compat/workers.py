"""
Running a part of a distributed training as if the other workers were not there.

**Cause.** AllenNLP's metrics add up their counts over all workers in every call, through functions
of `torch.distributed` that they look up by name. They cannot be told that one worker has no data
left, or that only one worker is running the model.

**Repair.** These context managers replace such a function while they last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed

_idle = False


def is_idle() -> bool:
    """Tell whether a metric must not count what it is given now, as `idle_metrics` is in effect."""
    return _idle


@contextmanager
def idle_metrics() -> Iterator[None]:
    """
    Let the metrics of this worker take part in sums over the workers without counting anything.

    A worker without data needs this, as the others would otherwise wait for it: AllenNLP's metrics
    add up their counts over the workers in every call. What this worker contributes is zero, so it
    arrives at the same totals as the others.
    """
    global _idle
    all_reduce = distributed.all_reduce

    def reduce_nothing(
        tensor: torch.Tensor, op: Any = distributed.ReduceOp.SUM, *args: Any, **kwargs: Any
    ) -> Any:
        if op == distributed.ReduceOp.SUM:
            tensor.zero_()
        return all_reduce(tensor, op, *args, **kwargs)

    _idle, distributed.all_reduce = True, reduce_nothing
    try:
        yield
    finally:
        _idle, distributed.all_reduce = False, all_reduce


@contextmanager
def as_only_process() -> Iterator[None]:
    """Let this worker run a model, with its metrics, without waiting for the other workers."""
    is_initialized = distributed.is_initialized
    distributed.is_initialized = lambda: False
    try:
        yield
    finally:
        distributed.is_initialized = is_initialized
