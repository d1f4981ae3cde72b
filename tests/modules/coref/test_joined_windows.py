"""Clusters of windows that are joined by the scores of links, against a naive twin in float64."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from allennlp.common import Lazy, Params

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents
from spanbert_allen.modules.coref.decoder import decode
from spanbert_allen.modules.coref.joined_clusters import JoinedClusters
from spanbert_allen.modules.coref.joiners import BestPair, ClusterJoiner, MeanOfMentions
from spanbert_allen.modules.coref.joiners.cluster_joiner import ClusterMention
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows
from tests.modules.coref.test_windows import (
    FAR,
    NameHead,
    links_of,
    make_document,
    make_head,
    named_document,
    spans_of,
)

JOINERS = [MeanOfMentions, BestPair]
EARLIER = [[((1, 3), 0.5), ((9, 9), 2.0), ((12, 13), -1.0)], [((4, 4), 0.25)]]
NEW = [[((20, 21), 1.5), ((25, 28), 1.0)], [((22, 22), 0.75)], [((30, 31), 0.5), ((32, 32), 3.0)]]


def mentions_of(clusters) -> list[list[ClusterMention]]:
    return [[ClusterMention(*mention) for mention in cluster] for cluster in clusters]


def naive_scores(head, document, *, mentions: int, pooled: bool) -> list[list[float]]:
    """`m_i + m_j + (B g_i + b) . g_j / sqrt(|g|)`, one pair after another."""
    scorer = head.link_scorer

    def of_cluster(cluster):
        surest = sorted(cluster, key=lambda mention: -mention[1])[:mentions]
        vectors = [
            torch.cat(
                [
                    scorer.start_projection(document.vectors[start : start + 1])[0],
                    scorer.end_projection(document.vectors[end : end + 1])[0],
                ]
            )
            for (start, end), _ in surest
        ]
        scores = [score for _, score in surest]
        if not pooled:
            return list(zip(vectors, scores, strict=True))
        return [(sum(vectors) / len(vectors), sum(scores) / len(scores))]

    def pair(one, other):
        (g, m), (h, n) = one, other
        product = (scorer.bilinear.weight @ g + scorer.bilinear.bias) @ h
        return float(m + n + product / math.sqrt(len(g)))

    return [
        [
            max(pair(one, other) for one in of_cluster(new) for other in of_cluster(earlier))
            for earlier in EARLIER
        ]
        for new in NEW
    ]


@pytest.mark.parametrize("mentions", [1, 2, 8])
@pytest.mark.parametrize("kind", JOINERS)
def test_clusters_are_scored_as_by_a_naive_twin(kind, mentions):
    head = make_head(links=Lazy(BilinearAntecedents), features=[])
    document = make_document([5, 9, 4, 7, 8])
    joiner = kind(mentions=mentions)
    with torch.no_grad():
        found = joiner.scores(head, document, mentions_of(EARLIER), mentions_of(NEW))
        expected = naive_scores(head, document, mentions=mentions, pooled=kind is MeanOfMentions)
    for row, naive in zip(found.tolist(), expected, strict=True):
        assert row == pytest.approx(naive, abs=1e-9)


@pytest.mark.parametrize("kind", JOINERS)
@pytest.mark.parametrize(
    "options", [{}, {"features": ["speaker", "segment"], "max_antecedents": 3}]
)
def test_any_antecedent_scorer_joins_clusters(kind, options):
    """The whole in windows: links inside of a window stay; each joining one is a further one."""
    head, document = make_head(**options), make_document([5, 9, 4, 7, 8, 3, 20, 6, 11])
    sizes = {"length": 24, "overlap": 9, "remembered": 0}
    with torch.no_grad():
        plain = score_in_windows(head, document, CorefWindows(**sizes))
        joined = score_in_windows(head, document, CorefWindows(**sizes, joined_by=kind()))
    assert spans_of(plain.spans) == spans_of(joined.spans)
    before, after = links_of(plain), links_of(joined)
    further = 0
    for span, links in after.items():
        assert before[span].items() <= links.items()
        assert len(links) - len(before[span]) <= 1
        further += len(links) - len(before[span])
        assert all(antecedent < span for antecedent in links)
    assert further > 0


class NamesOfClusters:
    """Links spans whose units have the same second number: a pronoun's name that others know."""

    uses_words = False

    def represent(self, vectors, top_spans, spans):
        return vectors[top_spans.starts]

    def choose(self, spans, mention_scores, context):
        same = (spans[:, 1:] - spans[:, 1]).abs() < 0.6
        scores = torch.where(same.tril(-1), 1.0, float("-inf"))
        indices = torch.arange(len(spans)).expand(len(spans), -1)
        return Antecedents(indices, scores.isfinite(), scores)

    def score(self, spans, antecedents, context, *, refined):
        return antecedents.scores


def head_of_names(score: float = 1.0):
    head = NameHead(score)
    head.link_scorer, head.span_representation = NamesOfClusters(), None
    return head


def chains(names: list[int], entities: list[int], joiner, **options) -> list[list[int]]:
    document = named_document(names)
    vectors = torch.stack([document.vectors[:, 0], torch.tensor(entities, dtype=torch.float)], 1)
    document = document._replace(vectors=vectors)
    windows = CorefWindows(length=6, overlap=2, joined_by=joiner, **options)
    links = score_in_windows(head_of_names(), document, windows)
    clusters = decode(links, torch.arange(len(names))).clusters
    return sorted([mention.start for mention in cluster] for cluster in clusters)


@pytest.mark.parametrize("kind", JOINERS)
def test_a_chain_over_windows_is_one_with_a_joiner_and_is_not_one_without(kind):
    """The same entity is called 7 first and 9 later, which no link of single mentions joins."""
    names = [7, 7, 0, 1, 1, 0, 2, 2, 0, 3, 3, 0, 4, 4, 0, 9, 0, 9]
    entities = [5 if name in (7, 9) else 10 * name for name in names]
    others = [[3, 4], [6, 7], [9, 10], [12, 13]]
    apart = sorted([[0, 1], [15, 17], *others])
    one = sorted([[0, 1, 15, 17], *others])
    assert chains(names, entities, None, remembered=9) == apart
    assert chains(names, entities, kind(), remembered=9) == one
    assert chains(names, entities, kind(), remembered=0) == one
    # With room for two clusters, the first is forgotten by then.
    assert chains(names, entities, kind(clusters=2), remembered=0) == apart
    # What mentions have joined already stays one.
    assert chains(FAR, FAR, kind(), remembered=9) == chains(FAR, FAR, None, remembered=9)


def test_memory_holds_no_more_than_it_may():
    joiner = MeanOfMentions(clusters=3, mentions=2)
    joiner.scores = lambda head, document, earlier, new: torch.full(
        (len(new), len(earlier)), float("-inf")
    )
    joined = JoinedClusters(joiner, SimpleNamespace(), SimpleNamespace(), link_threshold=0.0)
    number = 0
    for window in range(20):
        spans = [(10 * window + i, 10 * window + i) for i in range(4)]
        # The second goes to the first; the third stands alone, the fourth is no mention.
        assert joined.add(spans, [1.0, 2.0, 0.5, -1.0], [-1, number, -1, -1]) == []
        number += 4
        held = joined._remembered
        assert len(held) <= 3 and all(len(mentions) <= 2 for mentions in held.values())
        assert max(held) == number - 4 or max(held) == number - 2


def test_what_a_configuration_says():
    windows = CorefWindows.from_params(
        Params({"length": 100, "joined_by": {"type": "spanbert_best_pair", "clusters": 5}})
    )
    assert isinstance(windows.joined_by, BestPair) and windows.joined_by.clusters == 5
    assert {"spanbert_best_pair", "spanbert_mean_of_mentions"} <= set(
        ClusterJoiner.list_available()
    )
    with pytest.raises(ConfigError, match=r"model.windows.joined_by.mentions is 0; give a number"):
        BestPair(mentions=0)
