"""The best candidates of a document in stretches, against all of them at once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spanbert_allen.modules.coref import head as coref_head
from spanbert_allen.modules.coref.mentions import candidate_pool
from spanbert_allen.modules.coref.mentions.candidate_pool import CandidatePool
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from tests.modules.coref.heads import head_of
from tests.modules.coref.test_windows import DIM, make_document, make_head


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=9), st.integers(0, 8)
)
def test_the_best_are_held_with_all_that_tie(parts, limit):
    pool = CandidatePool(limit)
    rows, place = [], 0
    for part in parts:
        starts = torch.arange(place, place + len(part))
        pool.add(SpanCandidates(starts, starts + 1), torch.tensor(part, dtype=torch.float32))
        rows += [(place + offset, score) for offset, score in enumerate(part)]
        place += len(part)
    candidates, scores = pool.held()
    held = list(zip(candidates.starts.tolist(), scores.tolist(), strict=True))
    assert held == sorted(held) and set(held) <= set(rows)
    lowest = sorted((score for _, score in rows), reverse=True)[:limit][-1:]
    assert {row for row in rows if lowest and row[1] >= lowest[0]} <= set(held)
    assert pool.is_whole == (len(held) == len(rows))


@pytest.mark.parametrize("limits", [{}, {"max_kept": 6}, {"allow_crossing": True}])
@settings(deadline=None, max_examples=15)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=9))
@example(lengths=[6, 1, 3])  # a later candidate, worse than one that was dropped, must not be taken
@example(lengths=[8, 2])
def test_a_document_in_stretches_has_the_top_spans_of_the_whole(limits, lengths):
    head, document = make_head(**limits), make_document(lengths)
    expected = head(document)
    with pytest.MonkeyPatch.context() as patch:
        for module in (coref_head, candidate_pool):
            patch.setattr(module, "UNITS_PER_STRETCH", 7)
        patch.setattr(candidate_pool, "_SPARE", 1)  # so that the rest is needed now and then
        found = head(document._replace(needs_candidates=False))
    for name in ("mention_scores", "antecedents", "scores"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name))
    for column, other in zip(found.spans, expected.spans, strict=True):
        assert column.tolist() == other.tolist()


def test_memory_for_candidates_does_not_grow_with_the_document(monkeypatch):
    head = head_of(DIM, max_span_width=8, hidden_dim=4, feature_size=3, max_kept=20)
    largest = []
    scorer = head.mention_scorer.forward

    def watched(vectors, candidates, spans):
        largest.append(len(candidates.starts))
        return scorer(vectors, candidates, spans)

    monkeypatch.setattr(head.mention_scorer, "forward", watched)
    for module in (coref_head, candidate_pool):
        monkeypatch.setattr(module, "UNITS_PER_STRETCH", 100)
    for num_sentences in (20, 200):
        document = make_document([10] * num_sentences, masks=False)
        document = document._replace(vectors=document.vectors.float(), needs_candidates=False)
        with torch.no_grad():
            links = head(document)
        assert len(links.candidates.starts) <= 2 * 8 * 20
    assert max(largest) <= 100 * 8
