"""Scores of relations: the specification's golden, cases by hand, and the AllenNLP metric."""

from __future__ import annotations

import random

import pytest
import torch

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.workers import idle_metrics
from spanbert_allen.metrics.label_score import LabelScore, mean_score
from spanbert_allen.metrics.relation.metric import RelationScores
from spanbert_allen.metrics.relation.scores import (
    accuracy,
    count_pairs,
    label_scores,
    micro_score,
)
from spanbert_allen.metrics.relation.semeval_scores import (
    semeval_label_scores,
    semeval_macro,
    undirected,
)

NONE = "no_relation"


def confusion(gold: str, predicted: str):
    return count_pairs(zip(gold.split(), predicted.split(), strict=True))


def test_golden():
    """Specification of the original, 4.4, executed there; 0 is the negative class."""
    # [0,1,2,3,0] are predicted, or [0,1,3,3,2]: P and R tell which.
    score = micro_score(confusion("0 1 3 3 2", "0 1 2 3 0"), "0")
    assert (score.precision, score.recall, score.f1) == pytest.approx((2 / 3, 0.5, 4 / 7))
    assert accuracy(confusion("0 1 3 3 2", "0 1 2 3 0")) == 0.6


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("0 0", "0 0", (0, 0, 0)),  # nothing to find, nothing found
        ("1 1", "0 0", (0, 0, 0)),
        ("0 0", "1 2", (0, 0, 0)),
        ("1 2", "2 1", (0, 0, 0)),
        ("1 0 2", "1 2 0", (0.5, 0.5, 0.5)),
    ],
)
def test_micro_scores_by_hand(gold, predicted, expected):
    score = micro_score(confusion(gold, predicted), "0")
    assert (score.precision, score.recall, score.f1) == expected


def test_without_a_negative_label_all_three_are_the_accuracy():
    found = confusion("a b a", "a a a")
    score = micro_score(found, None)
    assert score.precision == score.recall == score.f1 == pytest.approx(accuracy(found))
    assert accuracy({}) == 0.0


def test_scores_of_labels():
    scores = label_scores(confusion("a a b 0", "a b 0 a"))
    assert scores == {"0": LabelScore(0, 1, 1), "a": LabelScore(1, 2, 2), "b": LabelScore(0, 1, 1)}
    assert scores["a"].f1 == 0.5
    assert mean_score(scores.values()) == pytest.approx((1 / 6, 1 / 6, 1 / 6))
    assert mean_score([]) == (0.0, 0.0, 0.0)


def test_semeval_by_hand():
    """
    C-E: 4 in the data, 3 predicted, 1 of them right, 1 in the wrong direction: P = 1/3, R = 1/4.
    M-C: 1 in the data, 2 predicted, 1 of them right: P = 1/2, R = 1. Other counts in neither.
    """
    gold = "C-E(e1,e2) C-E(e2,e1) C-E(e1,e2) C-E(e2,e1) M-C(e1,e2) no_relation no_relation"
    predicted = "C-E(e1,e2) C-E(e1,e2) no_relation M-C(e1,e2) M-C(e1,e2) C-E(e2,e1) no_relation"
    found = confusion(gold, predicted)
    scores = semeval_label_scores(found, NONE)
    assert scores == {"C-E": LabelScore(1, 3, 4), "M-C": LabelScore(1, 2, 1)}
    f1 = {"C-E": 2 * (1 / 3) * (1 / 4) / (1 / 3 + 1 / 4), "M-C": 2 / 3}
    assert semeval_macro(found, NONE) == pytest.approx(
        ((1 / 3 + 1 / 2) / 2, (1 / 4 + 1) / 2, (f1["C-E"] + f1["M-C"]) / 2)
    )


def test_semeval_of_a_relation_that_is_only_predicted():
    """It lowers the others' scores by what it takes from them, and has none of its own."""
    found = confusion("A(e1,e2) A(e1,e2)", "A(e1,e2) B(e1,e2)")
    assert semeval_label_scores(found, "Other") == {"A": LabelScore(1, 1, 2)}


def test_labels_without_direction():
    assert undirected("Cause-Effect(e2,e1)") == "Cause-Effect"
    assert undirected("Other") == "Other"
    assert undirected("f(x)") == "f(x)"


def test_the_metric_is_the_functions():
    chance = random.Random(1)
    labels = [NONE, "A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "B(e2,e1)"]
    gold = [chance.randrange(5) for _ in range(60)]
    predicted = [chance.choice([one, chance.randrange(5)]) for one in gold]
    metric = RelationScores(labels, negative_label=NONE, scorer="semeval2010", by_label=True)
    for start in range(0, 60, 25):
        part = slice(start, start + 25)
        metric(torch.tensor(predicted[part]), torch.tensor(gold[part]))
    found = count_pairs((labels[g], labels[p]) for g, p in zip(gold, predicted, strict=True))
    values = metric.get_metric(reset=True)
    micro = micro_score(found, NONE)
    assert values["f1"] == micro.f1 and values["precision"] == micro.precision
    assert values["accuracy"] == accuracy(found)
    assert values["macro_f1"] == semeval_macro(found, NONE)[2]
    assert values["A(e1,e2)_recall"] == label_scores(found)["A(e1,e2)"].recall
    assert len(values) == 4 + 3 + 3 * 5
    assert not any(metric.get_metric().values())
    with idle_metrics():
        metric(torch.tensor([1]), torch.tensor([1]))
    assert not any(metric.get_metric().values())
    assert set(RelationScores(labels).get_metric()) == {"precision", "recall", "f1", "accuracy"}


def test_an_unknown_scorer():
    with pytest.raises(ConfigError, match="'semeval' is neither tacred nor semeval2010"):
        RelationScores(["a", "b"], scorer="semeval")
