"""The threshold above which a question counts as one that has no answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from spanbert_allen.metrics.qa.squad_scores import QuestionScore
from spanbert_allen.metrics.thresholds import cuts


def best_no_answer_threshold(scores: Sequence[QuestionScore]) -> float:
    """
    Return the threshold on `no_answer_score` with the highest mean F1.

    It lies half-way between the scores of two questions, or half a point beyond all of them; of
    equally good ones it is the nearest to 0. The official program's `best_f1_thresh` is the score
    of a question, which another rounding may push over it.

    # Parameters

    scores : `Sequence[QuestionScore]`
        The scores before any threshold.
    """
    finite = sorted(
        (score for score in scores if math.isfinite(score.no_answer_score)),
        key=lambda score: score.no_answer_score,
    )
    if not finite:
        return 0.0
    steps = [
        (value, math.fsum(one.f1 - (not one.has_answer) for one in some))
        for value, some in groupby(finite, key=lambda one: one.no_answer_score)
    ]
    gained = 0.0
    gains = [gained]
    for _, gain in steps:
        gained += gain
        gains.append(gained)
    thresholds = cuts([value for value, _ in steps])
    found = zip(thresholds, gains, strict=True)
    return max(found, key=lambda one: (round(one[1], 9), -abs(one[0])))[0]
