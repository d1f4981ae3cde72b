"""The scores of GLUE's tasks, as fractions: plain functions of predictions and what is right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

_POSITIVE = 1  # the class whose F1 is measured: F1 of GLUE's tasks is that of class 1


def accuracy(predicted: Sequence[float], right: Sequence[float]) -> float:
    """The share of equal ones; 0 for no data."""
    _check(predicted, right)
    return _ratio(sum(p == r for p, r in zip(predicted, right, strict=True)), len(right))


def f1(predicted: Sequence[float], right: Sequence[float], positive: int = _POSITIVE) -> float:
    """F1 of one class; 0 if it is neither predicted nor right anywhere."""
    _check(predicted, right)
    hits = sum(p == r == positive for p, r in zip(predicted, right, strict=True))
    found = sum(p == positive for p in predicted)
    wanted = sum(r == positive for r in right)
    return _ratio(2 * hits, found + wanted)


def macro_f1(predicted: Sequence[float], right: Sequence[float]) -> float:
    """The mean of the F1 of all classes that occur, predicted or right."""
    classes = sorted({*predicted, *right})
    return _ratio(sum(f1(predicted, right, int(one)) for one in classes), len(classes))


def matthews(predicted: Sequence[float], right: Sequence[float]) -> float:
    """
    Matthews' correlation, for two or more classes (Gorodkin, 2004); 0 if all predictions or all
    that is right are of one class.
    """
    _check(predicted, right)
    classes = sorted({*predicted, *right})
    hits = sum(p == r for p, r in zip(predicted, right, strict=True))
    found = [sum(p == one for p in predicted) for one in classes]
    wanted = [sum(r == one for r in right) for one in classes]
    total = len(right)
    covariance = hits * total - sum(f * w for f, w in zip(found, wanted, strict=True))
    spread = (total**2 - sum(f * f for f in found)) * (total**2 - sum(w * w for w in wanted))
    return _ratio(covariance, math.sqrt(spread))


def pearson(predicted: Sequence[float], right: Sequence[float]) -> float:
    """Pearson's correlation; 0 if one side is constant."""
    _check(predicted, right)
    if len(right) == 0:
        return 0.0
    mean_p, mean_r = math.fsum(predicted) / len(predicted), math.fsum(right) / len(right)
    deviations_p = [p - mean_p for p in predicted]
    deviations_r = [r - mean_r for r in right]
    product = math.fsum(a * b for a, b in zip(deviations_p, deviations_r, strict=True))
    norms = math.hypot(*deviations_p) * math.hypot(*deviations_r)
    return max(-1.0, min(1.0, _ratio(product, norms)))


def spearman(predicted: Sequence[float], right: Sequence[float]) -> float:
    """Spearman's correlation: that of the ranks, equal values sharing the mean of theirs."""
    return pearson(_ranks(predicted), _ranks(right))


def glue_scores(
    names: Iterable[str], predicted: Sequence[float], right: Sequence[float]
) -> dict[str, float]:
    """
    Scores by name.

    # Parameters

    names : `Iterable[str]`
        `acc`, `f1` (of class 1), `acc_and_f1` (their mean), `macro_f1`, `mcc` (Matthews'
        correlation), `pearson`, `spearmanr`, `corr` (the mean of both): the names that the original
        programs give them.
    predicted, right : `Sequence[float]`
        Numbers of classes, or the numbers predicted and right.
    """
    return {name: _SCORES[name](predicted, right) for name in names}


def _acc_and_f1(predicted: Sequence[float], right: Sequence[float]) -> float:
    return (accuracy(predicted, right) + f1(predicted, right)) / 2


def _corr(predicted: Sequence[float], right: Sequence[float]) -> float:
    return (pearson(predicted, right) + spearman(predicted, right)) / 2


_SCORES = {
    "acc": accuracy,
    "f1": f1,
    "acc_and_f1": _acc_and_f1,
    "macro_f1": macro_f1,
    "mcc": matthews,
    "pearson": pearson,
    "spearmanr": spearman,
    "corr": _corr,
}


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
