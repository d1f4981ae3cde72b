"""Candidates, kept spans, distances, chunks: the small parts of the head, one by one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.modules.coref.antecedents.pair_features import distance_buckets
from spanbert_allen.modules.coref.mentions.selection import (
    SpanCandidates,
    enumerate_candidates,
    keep_best,
)
from spanbert_allen.modules.layers import chunking
from spanbert_allen.modules.layers.chunking import overlapping_slices, row_bounds, run_chunks
from tests.modules.coref import naive_coref


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), max_size=5), st.integers(1, 5), st.randoms())
def test_candidates_are_all_short_spans_of_a_sentence(lengths, width, random):
    sentence_ids = [i for i, length in enumerate(lengths) for _ in range(length)]
    may_start = torch.tensor([random.random() < 0.7 for _ in sentence_ids], dtype=torch.bool)
    may_end = torch.tensor([random.random() < 0.7 for _ in sentence_ids], dtype=torch.bool)
    starts, ends = enumerate_candidates(
        torch.tensor(sentence_ids, dtype=torch.long), width, may_start=may_start, may_end=may_end
    )
    found = list(zip(starts.tolist(), ends.tolist(), strict=True))
    assert found == naive_coref.candidates(sentence_ids, width, may_start, may_end)


def test_parts_have_few_spans_that_begin_within_few_units():
    starts = torch.tensor([0, 0, 1, 5, 5, 20])
    parts = SpanCandidates(starts, starts + 1).parts(2, units=5)
    assert [part.starts.tolist() for part in parts] == [[0, 0], [1, 5], [5], [20]]
    assert [part.ends.tolist() for part in parts] == [[1, 1], [2, 6], [6], [21]]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 3)), max_size=25),
    st.integers(0, 12),
    st.booleans(),
)
def test_kept_spans_are_the_greedy_choice(drawn, number, allow_crossing):
    scores_of = {(start, start + width): float(score) for start, width, score in drawn}
    spans = sorted(scores_of)
    scores = torch.tensor([scores_of[span] for span in spans])
    columns = torch.tensor(spans, dtype=torch.long).view(-1, 2)
    kept = keep_best(
        scores,
        SpanCandidates(columns[:, 0], columns[:, 1]),
        number,
        allow_crossing=allow_crossing,
    )
    assert kept.tolist() == naive_coref.keep(spans, scores, number, allow_crossing)


def test_distances_fall_into_ten_classes():
    distances = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 63, 64, 5000]
    classes = [0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9]
    assert distance_buckets(torch.tensor(distances)).tolist() == classes
    assert [naive_coref.bucket(d) for d in range(1, 5001)] == distance_buckets(
        torch.arange(1, 5001)
    ).tolist()


def test_gradients_of_overlapping_slices_add_up():
    whole = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    bounds = [(0, 4), (2, 7), (2, 3)]
    slices = overlapping_slices(whole, bounds)
    weights = [torch.randn(stop - start, 2, dtype=torch.float64) for start, stop in bounds]
    sum((part * weight).sum() for part, weight in zip(slices, weights, strict=True)).backward()
    expected = torch.zeros_like(whole)
    for (start, stop), weight in zip(bounds, weights, strict=True):
        expected[start:stop] += weight
    torch.testing.assert_close(whole.grad, expected)
    assert overlapping_slices(whole, []) == ()


@pytest.mark.parametrize(
    ("budget", "kept_chunks"), [(0, 0), (3000, 1), (4000, 1), (6000, 2), (10**9, 3)]
)
def test_chunks_within_the_budget_are_kept_and_the_others_made_again(
    monkeypatch, budget, kept_chunks
):
    """What a later chunk makes on its way is made again for the backward pass, not kept."""
    monkeypatch.setattr(chunking, "_KEPT_NUMBERS", budget)
    kept: list[int] = []
    calls: list[int] = []

    def square_of_a_large_block(row: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return torch.exp(row.expand(1000, -1)).sum(0) * 2

    rows = torch.randn(6, 3, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda saved: kept.append(saved.numel()) or saved, lambda saved: saved
    ):
        chunks = [(row,) for row in overlapping_slices(rows, row_bounds(6, 2))]
        result = run_chunks(
            lambda r: square_of_a_large_block(r[:1])[None], chunks, 3, row_size=3000
        )
    assert 3000 * kept_chunks <= sum(kept) < 3000 * kept_chunks + 1000
    assert len(calls) == 3
    result.sum().backward()
    assert len(calls) == 3 + (3 - kept_chunks)
    assert rows.grad[::2].abs().min() > 0


@pytest.mark.parametrize(("rows", "step", "count"), [(0, 3, 0), (7, 3, 3), (6, 3, 2), (4, 0, 4)])
def test_row_bounds_cover_all_rows_once(rows, step, count):
    bounds = row_bounds(rows, step)
    assert len(bounds) == count
    assert [row for start, stop in bounds for row in range(start, stop)] == list(range(rows))
