"""From scored links to clusters of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.modules.coref_head import ScoredLinks

# One or two words hold nothing to resolve, however many pieces they are.
_FEWEST_WORDS = 3


class DecodedClusters(NamedTuple):
    """
    The clusters of one document and, alongside, what speaks for each mention.

    clusters : `list[list[WordSpan]]`
        Mentions in document order; clusters in the order of their first mention.
    mention_scores : `list[list[float]]`
        The score of each mention as a mention.
    link_scores : `list[list[float | None]]`
        The score of its link to an earlier mention of the cluster; `None` for the first, which
        has no such link.
    """

    clusters: list[list[WordSpan]]
    mention_scores: list[list[float]]
    link_scores: list[list[float | None]]


class _Mention(NamedTuple):
    words: WordSpan
    score: float
    link_score: float | None


def decode(
    links: ScoredLinks, word_ids: Tensor, singleton_threshold: float | None = None
) -> DecodedClusters:
    """
    Every kept span is linked to its best antecedent if that scores above 0, the score of none; what
    links join is a cluster.

    # Parameters

    links : `ScoredLinks`
    word_ids : `Tensor`
        Shape: (num_units,). The word of each unit; -1 for special pieces, which count as the word
        before them. Where two spans are the same words, the first one found stays.
    singleton_threshold : `float | None`, optional (default = `None`)
        Spans without links that score above it as mentions are clusters of one.
    """
    if word_ids[word_ids >= 0].unique().numel() < _FEWEST_WORDS:
        return DecodedClusters([], [], [])
    # Shape: (num_units,)
    words = word_ids.cummax(0).values.clamp(min=0)
    spans = list(
        zip(words[links.spans.starts].tolist(), words[links.spans.ends].tolist(), strict=True)
    )
    antecedents, link_scores = _best_antecedents(links)
    groups = clusters_of_links(antecedents)
    mention_scores = links.mention_scores.tolist()
    if singleton_threshold is not None:
        linked = {span for group in groups for span in group}
        groups += [
            [span]
            for span, score in enumerate(mention_scores)
            if span not in linked and score > singleton_threshold
        ]
    taken: set[WordSpan] = set()
    clusters: list[list[_Mention]] = []
    for group in groups:
        mentions: list[_Mention] = []
        for span in group:
            place = WordSpan(*spans[span])
            if place not in taken:
                taken.add(place)
                link_score = link_scores[span] if mentions else None
                mentions.append(_Mention(place, mention_scores[span], link_score))
        if len(mentions) > 1 or (mentions and singleton_threshold is not None):
            clusters.append(mentions)
    clusters.sort(key=lambda mentions: mentions[0].words)
    return DecodedClusters(
        [[mention.words for mention in mentions] for mentions in clusters],
        [[mention.score for mention in mentions] for mentions in clusters],
        [[mention.link_score for mention in mentions] for mentions in clusters],
    )


def clusters_of_links(antecedents: Sequence[int]) -> list[list[int]]:
    """
    The spans that links join.

    # Parameters

    antecedents : `Sequence[int]`
        The antecedent of each span: the index of an earlier span, or -1 for none.

    # Returns

    `list[list[int]]`
        Clusters of at least two span indices, each in document order.
    """
    clusters: list[list[int]] = []
    cluster_of: dict[int, int] = {}
    for span, antecedent in enumerate(antecedents):
        if antecedent < 0:
            continue
        if antecedent not in cluster_of:
            cluster_of[antecedent] = len(clusters)
            clusters.append([antecedent])
        cluster_of[span] = cluster_of[antecedent]
        clusters[cluster_of[span]].append(span)
    return clusters


def _best_antecedents(links: ScoredLinks) -> tuple[list[int], list[float]]:
    """The best antecedent of each span, -1 where none scores above 0, and its score."""
    if links.scores.numel() == 0:
        num_spans = links.scores.size(0)
        return [-1] * num_spans, [0.0] * num_spans
    # Shape: (num_spans,)
    scores, columns = links.scores.max(dim=1)
    antecedents = links.antecedents.gather(1, columns.unsqueeze(1)).squeeze(1)
    antecedents = torch.where(scores > 0, antecedents, torch.full_like(antecedents, -1))
    return antecedents.tolist(), scores.tolist()
