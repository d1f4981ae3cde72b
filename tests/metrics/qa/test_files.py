"""Scores of files of predictions, as functions; tests/commands/score/test_qa.py has the command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.formats.qa.question import Answer, Question
from spanbert_allen.metrics.qa.files import score_predictions


def question(name: str, *answers: str) -> Question:
    return Question(
        id=name,
        question="?",
        context="",
        answers=tuple(Answer(text) for text in answers),
        is_impossible=not answers,
    )


QUESTIONS = [question("a", "Oslo"), question("b"), question("c", "old Oslo"), question("d")]
PREDICTIONS = {"a": "Oslo", "b": "Rome", "c": "Oslo tram", "d": "Rome"}
ODDS = {"a": -3.0, "b": 1.5, "c": 0.2, "d": 4.0}


def test_the_golden_threshold():
    """Found with the authors' program: (87.5, 0.2); the raw F1 of c is a half."""
    found = score_predictions(QUESTIONS, PREDICTIONS, ODDS, threshold=None)
    assert (found.scores["best_f1"], found.scores["best_f1_thresh"]) == (87.5, 0.2)
    assert found.scores["f1"] == 87.5


def test_all_thirteen_by_hand():
    predictions = {"a": "Oslo", "b": "Rome", "c": "Oslo tram", "d": ""}
    odds = {"a": -2.0, "b": 1.0, "c": 0.5, "d": -1.0}
    best = {
        "best_exact": 75.0,  # a and both without an answer
        "best_exact_thresh": -2.0,
        "best_f1": 87.5,  # and half of c
        "best_f1_thresh": 0.5,
    }
    totals = {"total": 4.0, "HasAns_total": 2.0, "NoAns_total": 2.0}
    no_answer = {"NoAns_exact": 100.0, "NoAns_f1": 100.0}
    fixed = {"exact": 75.0, "f1": 75.0, "HasAns_exact": 50.0, "HasAns_f1": 50.0}
    found = score_predictions(QUESTIONS, predictions, odds)
    assert found.scores == {**totals, **fixed, **no_answer, **best}
    tuned = {"exact": 75.0, "f1": 87.5, "HasAns_exact": 50.0, "HasAns_f1": 75.0}
    found = score_predictions(QUESTIONS, predictions, odds, threshold=None)
    assert found.scores == {**totals, **tuned, **no_answer, **best}


def test_without_no_answer_scores_an_empty_text_decides():
    found = score_predictions(QUESTIONS, {**PREDICTIONS, "b": ""})
    assert found.scores["NoAns_exact"] == 50.0 and found.scores["HasAns_f1"] == 75.0
    assert len(found.scores) == 9
    assert not any(name.startswith("best") for name in found.scores)


def test_an_empty_list_of_answers_makes_squad_2_but_not_mrqa():
    questions = [question("a", "Oslo"), Question(id="b", question="?", context="")]
    predictions = {"a": "Oslo", "b": ""}
    assert score_predictions(questions, predictions).scores["NoAns_exact"] == 100.0
    mrqa = score_predictions(questions, predictions, flavour="mrqa")
    assert mrqa.scores == {"exact": 100.0, "f1": 50.0, "total": 2.0}


def test_missing_predictions():
    questions = [question("a", "Oslo"), question("b", "Rome")]
    found = score_predictions(questions, {"a": "Oslo", "z": "Rome"})
    assert found.scores == {"exact": 50.0, "f1": 50.0, "total": 2.0}
    assert (found.missing, found.unknown) == (["b"], ["z"])
    left_out = score_predictions(questions, {"a": "Oslo"}, answered_only=True)
    assert left_out.scores == {"exact": 100.0, "f1": 100.0, "total": 1.0}
    assert left_out.missing == ["b"]


@pytest.mark.parametrize("threshold", [-9.0, 0.0, 9.0, None])
def test_no_threshold_makes_a_missing_prediction_right(threshold):
    whole = score_predictions(QUESTIONS, PREDICTIONS, ODDS, threshold=threshold).scores
    more = [*QUESTIONS, question("e")]
    odds = {**ODDS, "e": 99.0}
    found = score_predictions(more, PREDICTIONS, odds, threshold=threshold).scores
    for name in ("exact", "f1", "best_exact", "best_f1"):
        assert found[name] == pytest.approx(whole[name] * 4 / 5)
    assert found["NoAns_f1"] == pytest.approx(whole["NoAns_f1"] * 2 / 3)
    assert found["best_f1_thresh"] == whole["best_f1_thresh"]
    left_out = score_predictions(
        more, PREDICTIONS, odds, threshold=threshold, answered_only=True
    ).scores
    assert left_out == whole


def test_only_answerable_ones_predicted_is_still_squad_2():
    found = score_predictions(QUESTIONS, {"a": "Oslo"}, {"a": -1.0}, answered_only=True)
    assert len(found.scores) == 13 and found.scores["NoAns_total"] == 0
    nothing = score_predictions(QUESTIONS, {}, {})
    assert nothing.scores["best_f1"] == nothing.scores["f1"] == 0.0


def test_texts_that_normalisation_leaves_nothing_of():
    """F1 of SQuAD 1.1 and MRQA is 0 there; and the typographic apostrophe is no punctuation."""
    questions = [question("a", "the"), question("b", "Ida\u2019s")]
    predictions = {"a": "a", "b": "Ida's", "c": "Oslo"}
    for flavour in ("squad", "mrqa"):
        scores = score_predictions(questions, predictions, flavour=flavour).scores
        assert scores == {"exact": 50.0, "f1": 0.0, "total": 2.0}
    squad2 = score_predictions([*questions, question("c")], predictions).scores
    assert (squad2["HasAns_exact"], squad2["HasAns_f1"]) == (50.0, 50.0)


def test_squad1_passes_over_no_answer_and_squad2_over_those_that_normalisation_empties():
    """As evaluate-v1.1.py and evaluate-v2.0.py do; SQuAD's data has answers such as "."."""
    questions, predictions = [question("a", "Oslo", ".")], {"a": "The", "b": ""}
    squad1 = score_predictions(questions, predictions).scores
    assert (squad1["exact"], squad1["f1"]) == (100.0, 0.0)
    squad2 = score_predictions([*questions, question("b")], predictions).scores
    assert (squad2["HasAns_exact"], squad2["HasAns_f1"]) == (0.0, 0.0)


TEXTS = ["", "Oslo", "old Oslo", "Rome"]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(TEXTS), st.sampled_from([*TEXTS, None])), min_size=1, max_size=8
    ),
    odds=st.lists(st.integers(-20, 20), min_size=8, max_size=8, unique=True),
)
def test_the_best_threshold_is_the_best_of_all(rows, odds):
    questions = [
        question(str(number), *filter(None, [gold])) for number, (gold, _) in enumerate(rows)
    ]
    questions.append(question("impossible"))
    predictions = {str(number): text for number, (_, text) in enumerate(rows) if text is not None}
    scores = {name: float(odds[int(name)]) for name in predictions}
    tried = [
        score_predictions(questions, predictions, scores, threshold=value).scores
        for value in (-99.0, *scores.values())
    ]
    for name in ("exact", "f1"):
        best = max(one[name] for one in tried)
        assert tried[0][f"best_{name}"] == pytest.approx(best)
