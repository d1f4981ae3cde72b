"""The best threshold for no relation against trying all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.metrics.relation.negative_threshold import best_negative_threshold
from spanbert_allen.metrics.relation.scores import count_pairs, micro_score

_EXAMPLES = st.lists(
    st.tuples(st.integers(-4, 4), st.sampled_from(["wrong", "right", "negative"])), max_size=12
)


def f1_at(threshold: float, examples: list[tuple[int, str]]) -> float:
    """As `micro_score` counts what is decided."""
    pairs = []
    for margin, kind in examples:
        gold = {"wrong": "b", "right": "a", "negative": "no"}[kind]
        pairs.append((gold, "no" if margin >= threshold else "a"))
    return micro_score(count_pairs(pairs), "no").f1


@given(_EXAMPLES)
def test_no_threshold_is_better(examples):
    found = best_negative_threshold(
        [float(margin) for margin, _ in examples],
        [kind == "right" for _, kind in examples],
        sum(kind != "negative" for _, kind in examples),
    )
    assert abs(f1_at(found.threshold, examples) - found.f1) < 1e-12
    tried = {f1_at(half / 2, examples): half for half in range(-11, 12)}
    assert found.f1 >= max(tried) - 1e-12


def test_what_is_best_anyway_stays():
    assert best_negative_threshold([-1.0, 2.0], [True, False], 1) == (0.0, 1.0)
    assert best_negative_threshold([1.0, 3.0, -4.0], [True, False, True], 2) == (2.0, 1.0)
    assert best_negative_threshold([], [], 0) == (0.0, 0.0)
