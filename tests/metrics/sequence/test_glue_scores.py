"""GLUE's scores against values worked out by hand, scipy's, and formulas written out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.metrics.sequence.glue_scores import (
    accuracy,
    class_scores,
    count_classes,
    f1,
    macro_f1,
    matthews,
    number_scores,
    pearson,
    spearman,
)

CLASSES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)
NUMBERS = st.lists(
    st.tuples(st.integers(-9, 9), st.floats(-5, 5, width=16)), min_size=3, max_size=20
)


def test_worked_out_by_hand():
    predicted, right = [1, 1, 0, 0, 1], [1, 0, 0, 1, 1]
    # 2 true positives, 1 false positive, 1 false negative, 1 true negative.
    counts = count_classes(predicted, right)
    assert accuracy(counts) == 3 / 5
    assert f1(counts) == pytest.approx(2 / 3)
    assert f1(counts, positive=0) == pytest.approx(1 / 2)
    assert macro_f1(counts) == pytest.approx(7 / 12)
    assert matthews(counts) == pytest.approx((2 * 1 - 1 * 1) / math.sqrt(3 * 3 * 2 * 2))
    assert pearson([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert pearson([1, 2, 3], [10, 20, 40]) == pytest.approx(0.9819805060619657)
    assert spearman([1, 2, 3], [10, 20, 40]) == pytest.approx(1)
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
    assert spearman([0, 5, 5, 9], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(22.5))


def test_by_name_and_combined():
    predicted, right = [1, 1, 0, 0, 1], [1, 0, 0, 1, 1]
    names = ("acc", "f1", "acc_and_f1", "mcc", "macro_f1")
    scores = class_scores(names, count_classes(predicted, right))
    assert list(scores) == list(names)
    assert scores["acc_and_f1"] == pytest.approx((3 / 5 + 2 / 3) / 2)
    numbers = number_scores(("pearson", "spearmanr", "corr"), [1, 2, 3], [10, 20, 40])
    assert numbers["corr"] == pytest.approx((0.9819805060619657 + 1) / 2)


def test_where_a_score_is_not_defined_it_is_nothing():
    for score in (accuracy, f1, macro_f1, matthews):
        assert score({}) == 0
    for correlation in (pearson, spearman):
        assert correlation([], []) == 0
    assert matthews({(1, 1): 1, (1, 0): 1}) == 0
    assert f1({(0, 0): 2}) == 0
    assert pearson([2, 2], [1, 3]) == spearman([2, 2], [1, 3]) == 0
    assert pearson([0.1] * 3, [0.2] * 3) == 0  # whose means are not 0.1 and 0.2 to the last digit
    with pytest.raises(ValueError, match="1 predictions for 2 answers"):
        count_classes([1], [1, 2])


@settings(deadline=None)
@given(CLASSES)
def test_classes(pairs):
    predicted, right = [p for p, _ in pairs], [r for _, r in pairs]
    counts = count_classes(predicted, right)
    hits = [sum(p == r == one for p, r in pairs) for one in range(3)]
    expected = []
    for one in range(3):
        precision = hits[one] / predicted.count(one) if one in predicted else 0
        recall = hits[one] / right.count(one) if one in right else 0
        total = precision + recall
        expected.append(2 * precision * recall / total if total else 0)
        assert f1(counts, one) == pytest.approx(expected[-1])
    occurring = {*predicted, *right}
    assert macro_f1(counts) == pytest.approx(sum(expected) / len(occurring))
    # Matthews' correlation is Pearson's of the indicators of all classes, taken together.
    flat = [[float(v == one) for v in values for one in range(3)] for values in (predicted, right)]
    shares = [[v.count(one) / len(v) for one in range(3)] for v in (predicted, right)]
    centred = [[v - shares[side][i % 3] for i, v in enumerate(flat[side])] for side in (0, 1)]
    product = sum(a * b for a, b in zip(*centred, strict=True))
    norms = math.sqrt(math.prod(sum(v * v for v in side) for side in centred))
    assert matthews(counts) == pytest.approx(product / norms if norms else 0, abs=1e-9)


@settings(deadline=None)
@given(CLASSES)
def test_classes_as_scikit_learn(pairs):
    sklearn = pytest.importorskip("sklearn.metrics")
    predicted, right = [p for p, _ in pairs], [r for _, r in pairs]
    counts = count_classes(predicted, right)
    expected = sklearn.matthews_corrcoef(right, predicted)
    assert matthews(counts) == pytest.approx(expected, abs=1e-9)
    expected = sklearn.f1_score(right, predicted, average="macro", zero_division=0)
    assert macro_f1(counts) == pytest.approx(expected)


@settings(deadline=None)
@given(NUMBERS)
def test_numbers_as_scipy(pairs):
    stats = pytest.importorskip("scipy.stats")
    predicted, right = [float(p) for p, _ in pairs], [r for _, r in pairs]
    if len(set(predicted)) == 1 or len(set(right)) == 1:
        assert pearson(predicted, right) == spearman(predicted, right) == 0
        return
    assert pearson(predicted, right) == pytest.approx(stats.pearsonr(predicted, right)[0], abs=1e-6)
    ranked = stats.spearmanr(predicted, right)[0]
    assert spearman(predicted, right) == pytest.approx(ranked, abs=1e-9)
