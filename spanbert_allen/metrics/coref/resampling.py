"""
Measure how sure a score is, and the difference of two, by resampling documents; without torch.

Scores are functions of counts that add up over documents, so a sample of documents is a weighted
sum of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Statistics = Callable[[Counts], Mapping[str, float]]
"""From the counts of a whole sample, of shape (num_counts,), to scores by name."""

_SAMPLES_AT_ONCE = 1000


class Interval(NamedTuple):
    """A percentile interval; both ends inside."""

    low: float
    high: float


class Comparison(NamedTuple):
    """
    Hold the comparison of one system with another on the same documents.

    difference : `float`
        The first's score less the other's.
    interval : `Interval`
        Of the difference, from paired bootstrap samples.
    p_value : `float`
        The chance of a difference at least as large, either way, if which system's prediction is
        which were drawn by lot for each document (approximate randomisation, Noreen 1989).
    """

    difference: float
    interval: Interval
    p_value: float


def bootstrap(
    counts: Counts, statistics: Statistics, *, samples: int, seed: int, confidence: float = 0.95
) -> dict[str, Interval]:
    """
    Return percentile intervals over samples of documents, drawn with replacement (Efron 1979).

    # Parameters

    counts : `Counts`
        Shape: (num_documents, num_counts)
    statistics : `Statistics`
    samples, seed : `int`
        How many samples, and what they are drawn from.
    confidence : `float`, optional (default = `0.95`)
        The share of samples inside the interval.
    """
    drawn = [statistics(weights @ counts) for weights in _weights(len(counts), samples, seed)]
    return {
        name: _interval([scores[name] for scores in drawn], confidence)
        for name in statistics(counts.sum(axis=0))
    }


def compare(
    counts: Counts,
    others: Counts,
    statistics: Statistics,
    *,
    samples: int,
    seed: int,
    confidence: float = 0.95,
) -> dict[str, Comparison]:
    """
    Compare two systems' scores.

    # Parameters

    counts, others : `Counts`
        Shape: (num_documents, num_counts). The same documents in the same order.
    statistics, samples, seed, confidence
        As for `bootstrap`.
    """

    def differences(first: Counts, second: Counts) -> dict[str, float]:
        theirs = statistics(second)
        return {name: score - theirs[name] for name, score in statistics(first).items()}

    measured = differences(counts.sum(axis=0), others.sum(axis=0))
    drawn = [
        differences(weights @ counts, weights @ others)
        for weights in _weights(len(counts), samples, seed)
    ]
    gap = others - counts
    by_lot = [
        differences(counts.sum(axis=0) + swapped @ gap, others.sum(axis=0) - swapped @ gap)
        for swapped in _swaps(len(counts), samples, seed)
    ]
    comparisons = {}
    for name, difference in measured.items():
        # Sums in another order differ in the last digits.
        as_large = sum(abs(lot[name]) >= abs(difference) - 1e-12 for lot in by_lot)
        comparisons[name] = Comparison(
            difference,
            _interval([scores[name] for scores in drawn], confidence),
            (as_large + 1) / (samples + 1),
        )
    return comparisons


def _weights(num_documents: int, samples: int, seed: int) -> Iterator[Counts]:
    """Yield how often each document is in a sample, of shape (num_documents,)."""
    generator = np.random.default_rng([seed, 0])
    shares = np.full(num_documents, 1 / num_documents)
    for first in range(0, samples, _SAMPLES_AT_ONCE):
        size = min(_SAMPLES_AT_ONCE, samples - first)
        yield from generator.multinomial(num_documents, shares, size=size).astype(np.float64)


def _swaps(num_documents: int, samples: int, seed: int) -> Iterator[Counts]:
    """Yield 1 where the systems change places, of shape (num_documents,)."""
    generator = np.random.default_rng([seed, 1])
    for first in range(0, samples, _SAMPLES_AT_ONCE):
        size = min(_SAMPLES_AT_ONCE, samples - first)
        yield from generator.integers(0, 2, size=(size, num_documents)).astype(np.float64)


def _interval(values: list[float], confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.array(values), [tail, 1 - tail])
    return Interval(float(low), float(high))
