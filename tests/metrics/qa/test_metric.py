"""The official scores as a metric of the model: counting, workers, stopped runs."""

import json

import pytest

from spanbert_allen.compat.workers import idle_metrics
from spanbert_allen.metrics.qa.metric import AnswerScores


def test_scores_of_squad1():
    metric = AnswerScores()
    metric("a", "the lamp", ["A lamp", "light"])
    metric("b", "red lamp", ["lamp"])
    metric("c", "", ["Oslo"])
    assert metric.get_metric() == pytest.approx(
        {"exact": 100 / 3, "f1": 100 * (1 + 2 / 3) / 3, "total": 3}
    )


def test_scores_of_squad2_use_the_threshold():
    """Golden of the specification, 2.5, with the texts that make those scores."""
    metric = AnswerScores(impossible_answers=True, threshold=1.0)
    metric("a", "Oslo", ["Oslo"], -3.0)
    metric("b", "Oslo", [], 1.5)
    metric("c", "in the old Oslo tram", ["Oslo"], 0.2)
    metric("d", "Oslo", [], 4.0)
    scores = metric.get_metric(reset=True)
    f1_of_c = 100 * 2 * (1 / 4) * 1 / (1 / 4 + 1)
    assert scores["f1"] == pytest.approx((100 + f1_of_c + 100 + 100) / 4)
    assert scores["NoAns_f1"] == 100 and scores["HasAns_exact"] == 50
    assert scores["best_f1"] == pytest.approx((100 + f1_of_c + 200) / 4)
    assert scores["best_f1_thresh"] == 0.2
    assert metric.get_metric()["total"] == 0


def test_mrqa_has_an_f1_of_its_own():
    for flavour, f1 in (("squad", 100.0), ("mrqa", 0.0)):
        metric = AnswerScores(flavour=flavour)
        metric("a", "the", ["a"])
        assert metric.get_metric() == {"exact": 100.0, "f1": f1, "total": 1.0}


def test_an_idle_worker_counts_nothing():
    metric = AnswerScores()
    with idle_metrics():
        metric("a", "Oslo", ["Oslo"])
    assert metric.get_metric()["total"] == 0


def test_what_it_holds_can_be_kept_and_loaded():
    from types import SimpleNamespace

    from allennlp.models import Model

    from spanbert_allen.training.recovery.metric_state import load_metric_state, metric_state

    def holder(metric: AnswerScores) -> Model:
        module = SimpleNamespace(scores=metric)
        module.named_modules = lambda: [("", module)]
        module.parameters = lambda: iter(())
        return module

    metric, other = AnswerScores(impossible_answers=True), AnswerScores(impossible_answers=True)
    metric("a", "Oslo", ["Oslo"], -3.0)
    metric("b", "", [], float("inf"))
    state = json.loads(json.dumps(metric_state(holder(metric))))
    load_metric_state(holder(other), state)
    assert other.get_metric() == metric.get_metric()
