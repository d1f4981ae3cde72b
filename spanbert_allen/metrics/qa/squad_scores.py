"""The official scores of SQuAD 1.1 and 2.0 over many questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean


@dataclass(frozen=True)
class QuestionScore:
    """
    Hold how well one question was answered, before any threshold.

    # Parameters

    id : `str`
        The id of the question.
    exact, f1 : `float`
        From 0 to 1.
    has_answer : `bool`
        Whether the question can be answered.
    is_empty : `bool`, optional (default = `False`)
        Whether the predicted text is empty.
    no_answer_score : `float`, optional (default = `0.0`)
        A difference of logits: the higher it is, the surer the model is that there is no answer.
    dataset : `str`, optional (default = `""`)
        The data set that the question is of, if that is known.
    """

    id: str
    exact: float
    f1: float
    has_answer: bool = True
    is_empty: bool = False
    no_answer_score: float = 0.0
    dataset: str = ""


def squad1_scores(scores: Sequence[QuestionScore]) -> dict[str, float]:
    """Return `exact` and `f1` in percent and the `total` of questions; 0 where there are none."""
    return {
        "exact": 100.0 * _mean([score.exact for score in scores]),
        "f1": 100.0 * _mean([score.f1 for score in scores]),
        "total": float(len(scores)),
    }


def squad2_scores(scores: Sequence[QuestionScore], *, threshold: float) -> dict[str, float]:
    """
    Return the 13 scores of SQuAD 2.0's program.

    These are the scores of `squad1_scores` for all questions, for those with (`HasAns_`) and
    without an answer (`NoAns_`), and the best ones that any threshold would give.

    # Parameters

    scores : `Sequence[QuestionScore]`
        The scores before any threshold.
    threshold : `float`
        Questions with a `no_answer_score` above it count as answered with nothing.
    """
    decided = [at_threshold(score, threshold) for score in scores]
    best_exact, exact_threshold = best_threshold(scores, lambda score: score.exact)
    best_f1, f1_threshold = best_threshold(scores, lambda score: score.f1)
    return {
        **squad1_scores(decided),
        **_prefixed("HasAns", [score for score in decided if score.has_answer]),
        **_prefixed("NoAns", [score for score in decided if not score.has_answer]),
        "best_exact": best_exact,
        "best_exact_thresh": exact_threshold,
        "best_f1": best_f1,
        "best_f1_thresh": f1_threshold,
    }


def best_threshold(
    scores: Sequence[QuestionScore], value: Callable[[QuestionScore], float]
) -> tuple[float, float]:
    """
    Return the best mean score that a threshold on `no_answer_score` gives, and this threshold.

    The score is in percent. The threshold is the lowest of the questions' own scores that gives it,
    or 0 if answering nothing is best.

    # Parameters

    scores : `Sequence[QuestionScore]`
        The scores before any threshold.
    value : `Callable[[QuestionScore], float]`
        Which score of a question is meant.
    """
    current = best = float(sum(not score.has_answer for score in scores))
    threshold = 0.0
    for score in sorted(scores, key=lambda score: score.no_answer_score):
        current += value(score) if score.has_answer else -float(not score.is_empty)
        if current > best:
            best, threshold = current, score.no_answer_score
    return (100.0 * best / len(scores) if scores else 0.0), threshold


def at_threshold(score: QuestionScore, threshold: float) -> QuestionScore:
    """Return the score of a question that is answered with nothing if above the threshold."""
    if score.no_answer_score <= threshold:
        return score
    right = float(not score.has_answer)
    return QuestionScore(score.id, right, right, score.has_answer, dataset=score.dataset)


def dataset_scores(scores: Sequence[QuestionScore]) -> dict[str, float]:
    """
    Return `exact` and `f1` of each data set, and their means over data sets, in percent.

    The name of the data set and `_` are in front, `mean_` for the means. Questions of no named data
    set are left out where others are of one; where none is, the means are those of all questions.

    # Parameters

    scores : `Sequence[QuestionScore]`
        The scores after any threshold.
    """
    named = sorted((one for one in scores if one.dataset), key=lambda one: one.dataset)
    found = {
        name: squad1_scores(list(own)) for name, own in groupby(named, key=lambda one: one.dataset)
    }
    kinds = ("exact", "f1")
    each = {f"{name}_{kind}": own[kind] for name, own in found.items() for kind in kinds}
    parts = list(found.values()) or [squad1_scores(scores)]
    return each | {f"mean_{kind}": fmean([own[kind] for own in parts]) for kind in kinds}


def _prefixed(prefix: str, scores: Sequence[QuestionScore]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in squad1_scores(scores).items()}


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
