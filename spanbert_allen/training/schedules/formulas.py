"""
Learning-rate schedules as pure functions of progress.

Progress is the number of updates made before this one divided by the number of updates in all, so
that the first update has progress 0 and the last one `(total - 1) / total`. Each function returns
the share of the peak rate that the update has, from 0 to 1. Warm-up is a share of the whole run too
and need not be a whole number of updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from spanbert_allen.common.errors import ConfigError


class Schedule(Protocol):
    """The share of the peak rate at some progress."""

    def __call__(self, progress: float, warmup_proportion: float, /) -> float: ...


def constant(progress: float, warmup_proportion: float = 0.0) -> float:
    """Return the peak rate throughout; both arguments are ignored."""
    return 1.0


def linear(progress: float, warmup_proportion: float = 0.0) -> float:
    """From the peak rate down to 0, without warm-up: `warmup_proportion` is ignored."""
    return max(1.0 - progress, 0.0)


def linear_with_warmup(progress: float, warmup_proportion: float) -> float:
    """Up from 0 to the peak in the first `warmup_proportion` of the run, then down to 0."""
    if progress < warmup_proportion:
        return progress / warmup_proportion
    return max((progress - 1.0) / (warmup_proportion - 1.0), 0.0)


def warmup_over_linear(progress: float, warmup_proportion: float) -> float:
    """
    Fall in a line from the peak to 0 over the whole run, with a warm-up in place of its beginning.

    The warm-up goes from 0 to the peak in the first `warmup_proportion` of the run. At its end the
    rate falls at once from the peak to where the line is there. The TensorFlow coreference system
    trains its encoder so.
    """
    if progress < warmup_proportion:
        return progress / warmup_proportion
    return max(1.0 - progress, 0.0)


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "constant": constant,
        "linear": linear,
        "linear_with_warmup": linear_with_warmup,
        "warmup_over_linear": warmup_over_linear,
    }
)
"""The schedules by the name that a configuration gives them."""


def check_warmup(warmup_proportion: float, place: str) -> None:
    """Raise a `ConfigError` that names the place unless the share lies in [0, 1)."""
    if not 0.0 <= warmup_proportion < 1.0:
        raise ConfigError(
            f"`{place}` is {warmup_proportion}: it is a share of the whole run, at least 0 and "
            "below 1, such as 0.1; it is not a number of steps"
        )


def check_total_steps(total_steps: int, place: str) -> None:
    """Raise a `ConfigError` that names the place unless there is at least one update."""
    if total_steps < 1:
        raise ConfigError(
            f"`{place}` is {total_steps}: give the number of updates of the whole run, at least 1"
        )
