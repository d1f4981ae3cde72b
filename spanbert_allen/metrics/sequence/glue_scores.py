"""Compute the scores of GLUE's tasks, from 0 to 1, from counts of classes or from numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

ClassCounts = Mapping[tuple[float, float], int]
"""How often a class (first) was predicted where another, or the same, is right."""

_POSITIVE = 1  # the class whose F1 is measured: F1 of GLUE's tasks is that of class 1


def count_classes(predicted: Sequence[float], right: Sequence[float]) -> ClassCounts:
    """Return the counts of some predictions."""
    _check(predicted, right)
    return Counter(zip(predicted, right, strict=True))


def accuracy(counts: ClassCounts) -> float:
    """Return the part of the predictions that are right; 0 without data."""
    hits = sum(count for (predicted, right), count in counts.items() if predicted == right)
    return _ratio(hits, sum(counts.values()))


def f1(counts: ClassCounts, positive: float = _POSITIVE) -> float:
    """Return the F1 of one class; 0 if it is neither predicted nor right anywhere."""
    found, wanted = _of_class(counts, positive)
    return _ratio(2 * counts.get((positive, positive), 0), found + wanted)


def macro_f1(counts: ClassCounts) -> float:
    """Return the mean of the F1 of all classes that are predicted or right somewhere."""
    classes = _classes(counts)
    return _ratio(sum(f1(counts, one) for one in classes), len(classes))


def matthews(counts: ClassCounts) -> float:
    """
    Return Matthews' correlation, for two or more classes (Gorodkin, 2004).

    It is 0 if all predictions, or all right classes, are the same.
    """
    total = sum(counts.values())
    hits = sum(count for (predicted, right), count in counts.items() if predicted == right)
    margins = [_of_class(counts, one) for one in _classes(counts)]
    covariance = hits * total - sum(found * wanted for found, wanted in margins)
    spread = (total**2 - sum(found**2 for found, _ in margins)) * (
        total**2 - sum(wanted**2 for _, wanted in margins)
    )
    return _ratio(covariance, math.sqrt(spread))


def pearson(predicted: Sequence[float], right: Sequence[float]) -> float:
    """Return Pearson's correlation; 0 if one side is constant."""
    _check(predicted, right)
    # The mean of equal numbers may differ from them in the last digit.
    if min(len(set(predicted)), len(set(right))) < 2:
        return 0.0
    mean_p, mean_r = math.fsum(predicted) / len(predicted), math.fsum(right) / len(right)
    deviations_p = [p - mean_p for p in predicted]
    deviations_r = [r - mean_r for r in right]
    product = math.fsum(a * b for a, b in zip(deviations_p, deviations_r, strict=True))
    norms = math.hypot(*deviations_p) * math.hypot(*deviations_r)
    return max(-1.0, min(1.0, _ratio(product, norms)))


def spearman(predicted: Sequence[float], right: Sequence[float]) -> float:
    """Return Spearman's correlation of the ranks; equal values share the mean of their ranks."""
    return pearson(_ranks(predicted), _ranks(right))


def class_scores(names: Iterable[str], counts: ClassCounts) -> dict[str, float]:
    """
    Return scores of classes by name.

    # Parameters

    names : `Iterable[str]`
        `acc`, `f1` (of class 1), `acc_and_f1` (their mean), `macro_f1`, `mcc` (Matthews'
        correlation): the names that the original programs give them.
    counts : `ClassCounts`
        The predictions, which any number of counts of parts add up to.
    """
    return {name: _CLASS_SCORES[name](counts) for name in names}


def number_scores(
    names: Iterable[str], predicted: Sequence[float], right: Sequence[float]
) -> dict[str, float]:
    """
    Return scores of predicted numbers by name.

    # Parameters

    names : `Iterable[str]`
        `pearson`, `spearmanr`, `corr` (the mean of both).
    predicted, right : `Sequence[float]`
        The numbers.
    """
    return {name: _NUMBER_SCORES[name](predicted, right) for name in names}


def _acc_and_f1(counts: ClassCounts) -> float:
    return (accuracy(counts) + f1(counts)) / 2


def _corr(predicted: Sequence[float], right: Sequence[float]) -> float:
    return (pearson(predicted, right) + spearman(predicted, right)) / 2


_CLASS_SCORES = {
    "acc": accuracy,
    "f1": f1,
    "acc_and_f1": _acc_and_f1,
    "macro_f1": macro_f1,
    "mcc": matthews,
}
_NUMBER_SCORES = {"pearson": pearson, "spearmanr": spearman, "corr": _corr}

NAMES_OF_NUMBER_SCORES = frozenset(_NUMBER_SCORES)
"""Which scores are those of `number_scores`."""


def _classes(counts: ClassCounts) -> list[float]:
    return sorted({one for pair in counts for one in pair})


def _of_class(counts: ClassCounts, one: float) -> tuple[int, int]:
    """Return how often a class was predicted, and how often it is right."""
    found = sum(count for (predicted, _), count in counts.items() if predicted == one)
    wanted = sum(count for (_, right), count in counts.items() if right == one)
    return found, wanted


def _ranks(values: Sequence[float]) -> list[float]:
    ranks = [0.0] * len(values)
    order = sorted(range(len(values)), key=values.__getitem__)
    first = 0
    for _, group in groupby(order, key=values.__getitem__):
        places = list(group)
        for place in places:
            ranks[place] = first + (len(places) + 1) / 2
        first += len(places)
    return ranks


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _check(predicted: Sequence[float], right: Sequence[float]) -> None:
    if len(predicted) != len(right):
        raise ValueError(f"{len(predicted)} predictions for {len(right)} answers")
