"""The threshold from which on two entities have no relation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from spanbert_allen.metrics.thresholds import cuts


class BestThreshold(NamedTuple):
    """
    Hold a threshold and the score that it gives.

    # Parameters

    threshold : `float`
        An example has no relation if its margin is at least this.
    f1 : `float`
        TACRED's micro F1, from 0 to 1.
    """

    threshold: float
    f1: float


def best_negative_threshold(
    margins: Sequence[float], is_right: Sequence[bool], num_gold: int
) -> BestThreshold:
    """
    Return the threshold with the highest micro F1.

    It lies half-way between the margins of two examples, or half a point beyond all of them; of
    equally good ones it is the nearest to 0, which takes the label with the highest score.

    # Parameters

    margins : `Sequence[float]`
        How much higher the negative label scores than the best other label, for each example.
    is_right : `Sequence[bool]`
        Whether this other label is the right one.
    num_gold : `int`
        How many examples have a relation.
    """
    ordered = sorted(zip(margins, is_right, strict=True))
    if not ordered:
        return BestThreshold(0.0, 0.0)
    steps = [
        (margin, [right for _, right in some])
        for margin, some in groupby(ordered, key=lambda one: one[0])
    ]
    found = []
    num_predicted = num_right = 0
    thresholds = cuts([margin for margin, _ in steps])
    for threshold, rights in zip(thresholds, [*(rights for _, rights in steps), []], strict=True):
        total = num_predicted + num_gold
        f1 = 2 * num_right / total if total else 0.0
        found.append(BestThreshold(threshold, f1))
        num_predicted += len(rights)
        num_right += sum(rights)
    return max(found, key=lambda one: (one.f1, -abs(one.threshold)))
