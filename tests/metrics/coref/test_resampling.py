"""Intervals and comparisons over samples of documents."""

from __future__ import annotations

import numpy as np
import pytest

from spanbert_allen.metrics.coref.resampling import bootstrap, compare


def mean(counts):
    """Of counts (right, all)."""
    return {"share": counts[0] / counts[1]}


def documents(*shares):
    return np.array([[share, 1.0] for share in shares])


def test_documents_that_are_alike_leave_no_doubt():
    interval = bootstrap(documents(0.4, 0.4, 0.4), mean, samples=50, seed=3)["share"]
    assert interval == pytest.approx((0.4, 0.4))


def test_the_interval_is_as_wide_as_the_theory_says():
    shares = np.random.default_rng(5).normal(0.5, 0.1, size=400)
    low, high = bootstrap(documents(*shares), mean, samples=2000, seed=1)["share"]
    error = shares.std() / 400**0.5
    assert (low, high) == pytest.approx(
        (shares.mean() - 1.96 * error, shares.mean() + 1.96 * error), abs=0.2 * error
    )


def test_long_documents_weigh_more():
    counts = np.array([[0.0, 1.0], [9.0, 9.0]])
    low, high = bootstrap(counts, mean, samples=500, seed=1)["share"]
    assert (low, high) == (0.0, 1.0)
    low, high = bootstrap(counts, mean, samples=500, seed=1, confidence=0.4)["share"]
    assert (low, high) == (0.9, 0.9)  # half of the samples have both documents


def test_the_seed_decides():
    counts = documents(*np.random.default_rng(2).random(30))
    first, again, other = (
        bootstrap(counts, mean, samples=1500, seed=seed)["share"] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_system_against_itself():
    counts = documents(0.1, 0.5, 0.7)
    result = compare(counts, counts, mean, samples=100, seed=1)["share"]
    assert result == (0.0, (0.0, 0.0), 1.0)


def test_a_system_that_is_better_everywhere():
    """By lot, a gap as large needs all documents on one side: 2 of 2^5 draws."""
    counts = documents(0.3, 0.5, 0.7, 0.2, 0.6)
    result = compare(counts + np.array([0.1, 0]), counts, mean, samples=20_000, seed=1)["share"]
    assert result.difference == pytest.approx(0.1)
    assert result.interval == pytest.approx((0.1, 0.1))
    assert result.p_value == pytest.approx(2 / 2**5, abs=0.005)


def test_documents_are_compared_in_pairs():
    """Documents differ much more than systems do, and that does not hide the systems' gap."""
    shares = np.linspace(0.1, 0.9, 30)
    gaps = np.where(np.arange(30) % 3, 0.03, -0.01)
    result = compare(documents(*(shares + gaps)), documents(*shares), mean, samples=2000, seed=1)[
        "share"
    ]
    assert result.interval.low > 0
    assert result.p_value < 0.01
    back = compare(documents(*shares), documents(*(shares + gaps)), mean, samples=2000, seed=1)
    assert back["share"].difference == pytest.approx(-result.difference)
    assert back["share"].p_value == pytest.approx(result.p_value)
