"""How well probabilities tell how often a model is right, and the temperature that suits them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

NUM_BINS = 15
_GRID = [10.0 ** (step / 4) for step in range(-4, 5)]
"""The temperatures that are tried first, from 0.1 to 10."""
_PRECISION = 0.005
_GOLDEN = (math.sqrt(5) - 1) / 2
_SMALLEST = 1e-12


def expected_calibration_error(confidences: Sequence[float], is_right: Sequence[bool]) -> float:
    """
    Return the mean difference of confidence and accuracy over bins, from 0 to 1.

    The bins are 15 of equal width, each without its lower and with its upper edge, weighed by how
    many confidences they hold (Guo et al., 2017, "On Calibration of Modern Neural Networks",
    section 2, https://proceedings.mlr.press/v70/guo17a.html).

    # Parameters

    confidences : `Sequence[float]`
        The probability of each prediction, from 0 to 1.
    is_right : `Sequence[bool]`
        Whether the prediction is right.
    """
    gaps = [0.0] * NUM_BINS
    for confidence, right in zip(confidences, is_right, strict=True):
        place = min(max(math.ceil(confidence * NUM_BINS) - 1, 0), NUM_BINS - 1)
        gaps[place] += confidence - right
    return sum(map(abs, gaps)) / max(1, len(confidences))


def log_loss(confidences: Sequence[float], is_right: Sequence[bool]) -> float:
    """
    Return the mean negative log likelihood of having been right or wrong.

    # Parameters

    confidences : `Sequence[float]`
        The probability of each prediction, from 0 to 1.
    is_right : `Sequence[bool]`
        Whether the prediction is right.
    """
    losses = [
        -math.log(max(confidence if right else 1.0 - confidence, _SMALLEST))
        for confidence, right in zip(confidences, is_right, strict=True)
    ]
    return math.fsum(losses) / max(1, len(losses))


def fitted_temperature(loss: Callable[[float], float]) -> float:
    """
    Return the temperature from 0.1 to 10 with the lowest loss, to half a percent.

    Nine temperatures are tried, and a golden-section search goes on about the best. 1 stays 1 if
    nothing that is tried is better.

    # Parameters

    loss : `Callable[[float], float]`
        The negative log likelihood of annotated data at a temperature.
    """
    losses = [loss(temperature) for temperature in _GRID]
    best = min(range(len(_GRID)), key=lambda place: (losses[place], abs(math.log(_GRID[place]))))
    low = math.log(_GRID[max(0, best - 1)])
    high = math.log(_GRID[min(len(_GRID) - 1, best + 1)])
    tried = {math.log(_GRID[best]): losses[best]}

    def at(place: float) -> float:
        if place not in tried:
            tried[place] = loss(math.exp(place))
        return tried[place]

    while high - low > _PRECISION:
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if at(left) <= at(right):
            high = right
        else:
            low = left
    return math.exp(min(tried, key=lambda place: (tried[place], abs(place))))
