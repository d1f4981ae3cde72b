"""Clusters that are given in part: kept together, kept apart, and added to."""

from __future__ import annotations

import math

import pytest
import torch
from allennlp.common import Lazy
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.decoder import CorefDecoding, decode
from spanbert_allen.modules.coref.given_clusters import link_beside_given
from spanbert_allen.modules.coref.mentions.biaffine import BiaffineMentions
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates, keep_best
from spanbert_allen.modules.coref.mentions.start_to_end import StartToEndMentions
from spanbert_allen.modules.coref.scored_links import ScoredLinks, best_links, clusters_of_links
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows
from tests.modules.coref.test_windows import WIDTH, make_document, make_head, spans_of

NONE = -math.inf


def links_of_table(scores: list[list[float]]) -> ScoredLinks:
    """Spans of one unit each; row i has the scores of all i spans before it."""
    size = len(scores)
    places = torch.arange(size)
    spans = SpanCandidates(places, places)
    table = torch.tensor([[*row, *[NONE] * (size - len(row))] for row in scores])
    antecedents = torch.arange(size).expand(size, -1)
    ones = torch.ones(size)
    return ScoredLinks(spans, ones, antecedents, table.view(size, size), spans, ones)


def naive_clusters(scores, given, threshold, *, may_join) -> set[frozenset[int]]:
    """Sets that are joined one link after another, each compared with all others."""
    sets = [{span} for span in range(len(given))]

    def join(span, other) -> bool:
        mine = next(found for found in sets if span in found)
        theirs = next(found for found in sets if other in found)
        numbers = {given[one] for one in mine | theirs if given[one] >= 0}
        if len(numbers) > 1 and not may_join:
            return False
        if mine is not theirs:
            sets.remove(theirs)
            mine |= theirs
        return True

    for span, number in enumerate(given):
        for other in range(span):
            if number >= 0 and given[other] == number:
                assert join(span, other)
    for span, row in enumerate(scores):
        for other in sorted(range(span), key=lambda other: (-row[other], other)):
            if row[other] > threshold and join(span, other):
                break
    return {
        frozenset(found)
        for found in sets
        if len(found) > 1 or any(given[one] >= 0 for one in found)
    }


tables = st.integers(0, 9).flatmap(
    lambda size: st.tuples(
        st.tuples(
            *(st.lists(st.integers(-8, 8).map(float), min_size=i, max_size=i) for i in range(size))
        ),
        st.lists(st.integers(-1, 2), min_size=size, max_size=size),
    )
)


@settings(max_examples=25)
@drawn(tables, st.sampled_from([0.0, 3.0, NONE]), st.booleans())
def test_links_beside_given_clusters_are_those_of_a_naive_search(table, threshold, may_join):
    scores, given = table
    links = links_of_table(list(scores))
    found = link_beside_given(links, given, threshold, may_join=may_join)
    groups = {frozenset(group) for group in found.groups}
    assert groups == naive_clusters(scores, given, threshold, may_join=may_join)
    for group in found.groups:
        assert group == sorted(group)
    for span, column in enumerate(found.columns):
        if column >= 0:  # a link is inside of a cluster, and scores above the threshold
            assert scores[span][column] > threshold
            assert any({span, column} <= group for group in groups)
    antecedents, columns = best_links(links, threshold)
    free = link_beside_given(links, [-1] * len(given), threshold, may_join=may_join)
    assert free.columns == columns.tolist()
    assert sorted(free.groups) == sorted(clusters_of_links(antecedents.tolist()))


# Two people and a pronoun: the third span goes to the second, and the fourth to the first.
TABLE = [[], [2.0], [1.0, 3.0], [5.0, 4.0, 1.0]]


@pytest.mark.parametrize(
    ("given", "join_given", "clusters"),
    [
        (None, False, [[0, 1, 2, 3]]),
        ([0, 1, -1, -1], False, [[0, 3], [1, 2]]),  # a cast list parts what links join
        ([0, 1, -1, -1], True, [[0, 1, 2, 3]]),
        ([0, -1, -1, 1], False, [[0, 1, 2], [3]]),  # a given cluster of one stays
        ([0, -1, 0, 1], False, [[0, 1, 2], [3]]),
    ],
)
def test_given_clusters_are_decoded(given, join_given, clusters):
    found = decode(
        links_of_table(TABLE),
        torch.arange(4),
        CorefDecoding(join_given=join_given),
        given_clusters=given,
    )
    assert [[mention.start for mention in cluster] for cluster in found.clusters] == clusters


def test_a_mention_held_together_by_what_is_given_has_no_link_score():
    found = decode(
        links_of_table([[], [-1.0], [-2.0, 4.0]]), torch.arange(3), given_clusters=[0, 0, -1]
    )
    assert [[mention.start for mention in cluster] for cluster in found.clusters] == [[0, 1, 2]]
    assert found.link_scores == [[None, None, 4.0]]


def test_kept_candidates_are_chosen_whatever_they_score_and_cross():
    candidates = SpanCandidates(torch.tensor([0, 1, 2, 4]), torch.tensor([1, 2, 3, 4]))
    scores = torch.tensor([5.0, -9.0, 4.0, 1.0])
    kept = torch.tensor([False, True, False, False])
    assert keep_best(scores, candidates, 2).tolist() == [0, 2]
    # The kept one crosses both of the best, and does not count among the two.
    assert keep_best(scores, candidates, 2, kept=kept).tolist() == [1, 3]
    assert keep_best(scores, candidates, 2, kept=kept, allow_crossing=True).tolist() == [0, 1, 2]


VARIANTS = {
    "as published": {},
    "light": {"mentions": Lazy(BiaffineMentions), "links": Lazy(BilinearAntecedents)},
    "start to end": {"mentions": Lazy(StartToEndMentions), "links": Lazy(BilinearAntecedents)},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("windows", [None, CorefWindows(length=14, overlap=8, remembered=4)])
def test_kept_spans_are_top_spans_beside_others(variant, windows):
    """Also one wider than the model's spans, and one that begins inside a word."""
    head, document = make_head(**VARIANTS[variant]), make_document([5, 9, 4, 7, 8])
    inside = int((~document.may_start).nonzero()[0])
    kept = sorted({(0, WIDTH + 1), (inside, inside), (20, 21)})
    document = document._replace(
        kept_spans=SpanCandidates(*map(torch.tensor, zip(*kept, strict=True)))
    )
    links = head(document) if windows is None else score_in_windows(head, document, windows)
    found = spans_of(links.spans)
    assert set(kept) < set(found)
    assert found == sorted(set(found))
    assert set(found) <= set(spans_of(links.candidates))
