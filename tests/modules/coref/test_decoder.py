"""Scored links to clusters of words."""

import math

import pytest
import torch

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.modules.coref.decoder import CorefDecoding, decode
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.scored_links import ScoredLinks, clusters_of_links

NONE = -math.inf


def make_links(spans, mention_scores, antecedents, scores) -> ScoredLinks:
    starts, ends = (torch.tensor(column) for column in zip(*spans, strict=True))
    candidates = SpanCandidates(starts, ends)
    return ScoredLinks(
        candidates,
        torch.tensor(mention_scores),
        torch.tensor(antecedents),
        torch.tensor(scores),
        candidates,
        torch.tensor(mention_scores),
    )


def test_links_become_clusters():
    assert clusters_of_links([-1, 0, -1, 2, 1, 3]) == [[0, 1, 4], [2, 3, 5]]
    assert clusters_of_links([-1, -1, -1]) == []
    assert clusters_of_links([]) == []


# Four spans: the second goes to the first, the fourth to the second, the third to none.
SPANS = [(0, 0), (1, 1), (2, 2), (4, 4)]
LINKS = {
    "mention_scores": [2.0, 1.5, 0.5, -1.0],
    "antecedents": [[0, 1], [0, 1], [1, 0], [1, 2]],
    "scores": [[NONE, NONE], [1.25, NONE], [-0.5, 0.0], [3.5, 2.0]],
}


def test_the_best_antecedent_above_none_is_taken():
    found = decode(make_links(SPANS, **LINKS), torch.arange(5))
    assert found.clusters == [[WordSpan(0, 0), WordSpan(1, 1), WordSpan(4, 4)]]
    assert found.mention_scores == [[2.0, 1.5, -1.0]]
    assert found.link_scores == [[None, 1.25, 3.5]]


def test_unlinked_mentions_above_the_threshold_are_singletons():
    found = decode(
        make_links(SPANS, **LINKS), torch.arange(5), CorefDecoding(singleton_threshold=0.0)
    )
    assert found.clusters == [[(0, 0), (1, 1), (4, 4)], [(2, 2)]]
    found = decode(
        make_links(SPANS, **LINKS), torch.arange(5), CorefDecoding(singleton_threshold=0.5)
    )
    assert found.clusters == [[(0, 0), (1, 1), (4, 4)]]


def test_spans_of_the_same_words_are_one_mention():
    """Pieces 0 and 1 are one word: what is left of the cluster is linked to what stays."""
    word_ids = torch.tensor([0, 0, 1, 2, 3])
    found = decode(make_links(SPANS, **LINKS), word_ids)
    assert found.clusters == [[(0, 0), (3, 3)]]
    assert found.link_scores == [[None, 3.5]]
    only_two = make_links(SPANS[:2], [1.0, 1.0], [[0], [0]], [[NONE], [1.0]])
    assert decode(only_two, word_ids).clusters == []


def test_mentions_are_in_the_order_of_words_where_spans_are_any_pieces():
    """Pieces 0 to 2 are one word: the first span begins before the second, and ends later."""
    spans = [(0, 3), (1, 2), (2, 5), (4, 4)]
    antecedents = [[0], [0], [0], [2]]
    links = make_links(spans, [1.0, 2.0, 3.0, 4.0], antecedents, [[NONE], [0.5], [NONE], [1.5]])
    word_ids = torch.tensor([0, 0, 0, 1, 2, 3])
    found = decode(links, word_ids)
    assert found.clusters == [[(0, 0), (0, 1)], [(0, 3), (2, 2)]]
    assert found.mention_scores == [[2.0, 1.0], [3.0, 4.0]]
    assert found.link_scores == [[0.5, None], [None, 1.5]]


def test_special_pieces_count_as_the_word_before():
    links = make_links([(0, 1), (3, 4)], [1.0, 1.0], [[0], [0]], [[NONE], [1.0]])
    found = decode(links, torch.tensor([-1, 0, 1, -1, 2]))
    assert found.clusters == [[(0, 0), (1, 2)]]


def test_no_spans_no_clusters():
    empty = torch.zeros(0, dtype=torch.long)
    candidates = SpanCandidates(empty, empty)
    links = ScoredLinks(
        candidates, torch.zeros(0), empty.view(0, 0), torch.zeros(0, 0), candidates, torch.zeros(0)
    )
    assert decode(links, empty, CorefDecoding(singleton_threshold=0.0)).clusters == []


@pytest.mark.parametrize(
    ("threshold", "clusters"),
    [
        (-math.inf, [[(0, 0), (1, 1), (2, 2), (4, 4)]]),
        (-0.1, [[(0, 0), (1, 1), (2, 2), (4, 4)]]),
        (0.0, [[(0, 0), (1, 1), (4, 4)]]),
        (2.0, [[(1, 1), (4, 4)]]),
        (3.5, []),
    ],
)
def test_the_link_threshold_trades_precision_for_recall(threshold, clusters):
    found = decode(
        make_links(SPANS, **LINKS), torch.arange(5), CorefDecoding(link_threshold=threshold)
    )
    assert found.clusters == clusters


def test_probabilities_are_over_all_antecedents_and_none():
    found = decode(make_links(SPANS, **LINKS), torch.arange(5), CorefDecoding(top_antecedents=9))
    second = math.exp(1.25) / (1 + math.exp(1.25))
    total = 1 + math.exp(3.5) + math.exp(2.0)
    assert found.link_probabilities[0][0] is None
    assert found.link_probabilities[0][1:] == pytest.approx([second, math.exp(3.5) / total])
    first, linked, last = found.antecedents[0]
    assert first == [(None, 0.0, 1.0)]
    assert [antecedent.words for antecedent in linked] == [(0, 0), None]
    assert [antecedent.words for antecedent in last] == [(1, 1), (2, 2), None]
    assert [antecedent.score for antecedent in last] == [3.5, 2.0, 0.0]
    expected = [math.exp(3.5) / total, math.exp(2.0) / total, 1 / total]
    assert [antecedent.probability for antecedent in last] == pytest.approx(expected)


def test_only_the_best_antecedents_are_told_and_none_comes_before_its_equal():
    decoding = CorefDecoding(singleton_threshold=0.0, top_antecedents=1)
    found = decode(make_links(SPANS, **LINKS), torch.arange(5), decoding)
    assert found.clusters[1] == [(2, 2)]
    ((none,),) = found.antecedents[1]
    assert (none.words, none.score) == (None, 0.0)
    assert [len(ranked) for ranked in found.antecedents[0]] == [1, 1, 1]


def test_settings_go_before_the_models():
    model = CorefDecoding(0.5, 1.0)
    assert CorefDecoding().over(model) == model
    assert CorefDecoding(link_threshold=0.0, top_antecedents=2).over(model) == CorefDecoding(
        0.5, 0.0, 2
    )
