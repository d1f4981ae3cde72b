"""Metrics on a worker that takes a step only because the others do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed

_idle = False


def is_idle() -> bool:
    """Whether what a metric is given now must not count: it keeps counts of this worker alone."""
    return _idle


@contextmanager
def idle_metrics() -> Iterator[None]:
    """
    While this lasts, nothing that the metrics of this worker are given counts, and what it gives to
    sums over all workers is zero. AllenNLP's metrics add their counts up over the workers at each
    call: a worker without data takes part in that so, and comes to the same totals as the others.
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
