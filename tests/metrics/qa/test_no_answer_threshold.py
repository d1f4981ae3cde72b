"""The best no-answer threshold against trying all of them."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.metrics.qa.no_answer_threshold import best_no_answer_threshold
from spanbert_allen.metrics.qa.squad_scores import QuestionScore, at_threshold

_SCORES = st.sampled_from([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, math.inf, -math.inf])
_QUESTIONS = st.lists(st.tuples(_SCORES, st.booleans(), st.sampled_from([0.0, 0.5, 1.0])))


def f1_at(threshold: float, scores: list[QuestionScore]) -> float:
    return sum(at_threshold(score, threshold).f1 for score in scores)


@given(_QUESTIONS)
def test_no_threshold_gives_a_higher_f1(questions):
    scores = [
        QuestionScore(str(number), 0.0, f1 if has_answer else 0.0, has_answer, False, score)
        for number, (score, has_answer, f1) in enumerate(questions)
    ]
    found = best_no_answer_threshold(scores)
    tried = {half / 2: f1_at(half / 2, scores) for half in range(-9, 10)}
    assert f1_at(found, scores) == max(tried.values())


def test_the_threshold_lies_between_questions_and_0_stays_if_it_is_best():
    right = QuestionScore("a", 1.0, 1.0, True, False, 1.0)
    wrong = QuestionScore("b", 0.0, 0.0, False, False, 4.0)
    assert best_no_answer_threshold([right, wrong]) == 2.5
    assert best_no_answer_threshold([]) == 0.0
    surer = QuestionScore("a", 1.0, 1.0, True, False, -1.0)
    assert best_no_answer_threshold([surer, wrong]) == 0.0
