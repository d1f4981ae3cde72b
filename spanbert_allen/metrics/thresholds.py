"""Thresholds that tell all of some values apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def cuts(values: Sequence[float]) -> list[float]:
    """
    Return a threshold below all values, one between every two neighbours, and one above all.

    Each lies half-way, or half a point beyond all values; where 0 lies between the same two values,
    it is 0.

    # Parameters

    values : `Sequence[float]`
        In ascending order, no two of them equal, at least one.
    """
    edges = [values[0] - 1.0, *values, values[-1] + 1.0]
    return [0.0 if low < 0.0 < high else (low + high) / 2 for low, high in pairwise(edges)]
