"""The metric of sequence classification: exact at the end, cheap after every batch."""

from __future__ import annotations

import random

import pytest

from spanbert_allen.compat.workers import idle_metrics
from spanbert_allen.metrics.sequence import metric as sequence_scores
from spanbert_allen.metrics.sequence.glue_scores import class_scores, count_classes, number_scores
from spanbert_allen.metrics.sequence.metric import SequenceScores

CLASSES, NUMBERS = ("acc", "macro_f1", "mcc"), ("pearson", "spearmanr", "corr")


def batches(count: int, size: int = 8):
    """Predictions, what is right and parts, in batches."""
    rng = random.Random(5)
    for _ in range(count):
        right = [rng.randrange(3) for _ in range(size)]
        predicted = [one if rng.random() < 0.6 else rng.randrange(3) for one in right]
        yield predicted, right, [rng.choice(["matched", "mismatched"]) for _ in right]


def rows_of(part: str, count: int):
    """What `batches` gives of a part."""
    rows = [
        (predicted, right)
        for batch in batches(count)
        for predicted, right, one in zip(*batch, strict=True)
        if one == part
    ]
    return [predicted for predicted, _ in rows], [right for _, right in rows]


@pytest.mark.parametrize("names", [CLASSES, NUMBERS])
def test_at_the_end_the_scores_are_those_of_everything(names):
    metric, expected = SequenceScores(names), {}
    for batch in batches(40):
        metric(*batch)
        metric.get_metric()
    for part in ("matched", "mismatched"):
        predicted, right = rows_of(part, 40)
        scores = (
            class_scores(names, count_classes(predicted, right))
            if names is CLASSES
            else number_scores(names, predicted, right)
        )
        expected |= {f"{part}_{name}": score for name, score in scores.items()}
    assert metric.get_metric(reset=True) == expected
    assert metric.get_metric(reset=True) == dict.fromkeys(names, 0.0)


def test_scores_of_classes_are_always_those_of_everything():
    metric, seen = SequenceScores(["acc"]), []
    for predicted, right, _ in batches(20):
        metric(predicted, right, [None] * len(right))
        seen += [one == other for one, other in zip(predicted, right, strict=True)]
        assert metric.get_metric() == {"acc": sum(seen) / len(seen)}


def test_asking_for_classes_does_not_go_through_what_was_seen(monkeypatch):
    metric, sizes = SequenceScores(CLASSES), []

    def watched(names, counts):
        sizes.append(len(counts))
        return class_scores(names, counts)

    monkeypatch.setattr(sequence_scores, "class_scores", watched)
    for batch in batches(50):
        metric(*batch)
        metric.get_metric()
    assert max(sizes) <= 3 * 3


def test_correlations_are_worked_out_a_few_times(monkeypatch):
    metric, lengths = SequenceScores(NUMBERS), []

    def watched(names, predicted, right):
        lengths.append(len(right))
        return number_scores(names, predicted, right)

    monkeypatch.setattr(sequence_scores, "number_scores", watched)
    for predicted, right, _ in batches(1000):
        metric(predicted, right, [None] * len(right))
        metric.get_metric()
    assert sum(lengths) < 10 * 8000
    seen_late = lengths[-1]
    assert seen_late * 9 >= 8000 * 8  # no staler than that
    metric.get_metric(reset=True)
    assert lengths[-1] == 8000


def test_asking_twice_gives_the_same():
    metric = SequenceScores(NUMBERS)
    metric([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], [None] * 3)
    first = metric.get_metric()
    assert first["spearmanr"] == pytest.approx(0.5)
    assert metric.get_metric() == first == metric.get_metric(reset=True)


def test_a_batch_that_does_not_count():
    metric = SequenceScores(["acc"])
    with idle_metrics():
        metric([1], [1], [None])
    assert metric.get_metric() == {"acc": 0.0}
