"""The scores of question answering: the original programs' values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.metrics.qa.squad_scores import (
    QuestionScore,
    best_threshold,
    squad1_scores,
    squad2_scores,
)
from spanbert_allen.metrics.qa.text_scores import normalize_answer, question_scores, token_f1

# Two with an answer, two without; all were answered with some text.
SCORES = [
    QuestionScore("a", 1.0, 1.0, True, False, -3.0),
    QuestionScore("b", 0.0, 0.0, False, False, 1.5),
    QuestionScore("c", 0.5, 0.5, True, False, 0.2),
    QuestionScore("d", 0.0, 0.0, False, False, 4.0),
]


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("a-b the cat", "ab cat"),
        ("Steve\u2019s  Book.", "steve\u2019s book"),
        ("The", ""),
        ("theatre", "theatre"),
    ],
)
def test_normalization(text, normalized):
    assert normalize_answer(text) == normalized


def test_f1_counts_words_as_often_as_they_stand_there():
    assert token_f1("red red fox", "red fox fox") == pytest.approx(2 / 3)
    assert token_f1("cat", "dog") == 0


def test_squad_and_mrqa_differ_where_nothing_is_left():
    assert question_scores("the", ["a"], flavour="squad") == (1, 1)
    assert question_scores("the", ["a"], flavour="mrqa") == (1, 0)
    assert question_scores("the", ["a", "fox"], flavour="squad") == (0, 0)
    assert question_scores("", [], flavour="squad") == (1, 1)


def test_the_best_of_the_right_answers_counts():
    assert question_scores("red fox", ["dog", "a red fox", "fox"]) == (1, 1)
    assert question_scores("red fox", ["fox", "dog"]) == (0, pytest.approx(2 / 3))


def test_the_best_threshold():
    assert best_threshold(SCORES, lambda score: score.exact) == (87.5, 0.2)


def test_the_thirteen_scores():
    scores = squad2_scores(SCORES, threshold=1.0)
    assert list(scores) == [
        "exact", "f1", "total", "HasAns_exact", "HasAns_f1", "HasAns_total", "NoAns_exact",
        "NoAns_f1", "NoAns_total", "best_exact", "best_exact_thresh", "best_f1", "best_f1_thresh",
    ]  # fmt: skip
    assert scores["exact"] == 87.5 and scores["HasAns_exact"] == 75 and scores["NoAns_f1"] == 100
    assert squad2_scores(SCORES, threshold=1.5)["NoAns_exact"] == 50  # above, not at


def test_an_empty_prediction_costs_nothing_where_there_is_no_answer():
    scores = [QuestionScore("a", 1.0, 1.0, False, True, -1.0), SCORES[0]]
    assert best_threshold(scores, lambda score: score.f1) == (100.0, -3.0)


def test_no_questions():
    assert squad1_scores([]) == {"exact": 0, "f1": 0, "total": 0}
    assert squad2_scores([], threshold=0)["best_f1"] == 0


RANDOM_SCORES = st.lists(
    st.builds(
        QuestionScore,
        st.just("q"),
        st.sampled_from([0.0, 1.0]),
        st.just(0.0),
        st.booleans(),
        st.just(False),
        st.floats(-5, 5),
    ).filter(lambda score: score.has_answer or not score.exact),
    min_size=1,
    unique_by=lambda score: score.no_answer_score,
)


@given(RANDOM_SCORES)
def test_no_threshold_is_better_than_the_best(scores):
    best, threshold = best_threshold(scores, lambda score: score.exact)
    lowest = min(score.no_answer_score for score in scores) - 1
    tried = {
        limit: squad2_scores(scores, threshold=limit)["exact"]
        for limit in [lowest, *(score.no_answer_score for score in scores)]
    }
    assert best == pytest.approx(max(tried.values()))
    if best > tried[lowest] + 1e-6:
        assert tried[threshold] == pytest.approx(best)
