"""The links that the head scored, the best of each span, and the clusters that these make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from spanbert_allen.modules.coref.mentions.scorer import BoundaryScores
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.layers.transfers import to_cpu


class ScoredLinks(NamedTuple):
    """
    The top spans of one document with their candidate antecedents, scored by the head.

    spans : `SpanCandidates`
        The top spans in document order; both columns of shape (num_spans,).
    mention_scores : `Tensor`
        Shape: (num_spans,)
    antecedents : `Tensor`
        Indices of top spans. Shape: (num_spans, num_antecedents)
    scores : `Tensor`
        0 is the score of no antecedent; minus infinity stands where a span has fewer candidates
        than others. Shape: (num_spans, num_antecedents)
    candidates : `SpanCandidates`
        The spans that were considered, all or the best of a long document; both columns of shape
        (num_candidates,).
    candidate_scores : `Tensor`
        Their mention scores. Shape: (num_candidates,)
    also_trained : `Tensor | None`
        Other scores of the same links, which the loss counts beside `scores`.
    boundaries : `BoundaryScores | None`
        What the candidates' scores are made of, if the mention loss trains that.
    """

    spans: SpanCandidates
    mention_scores: Tensor
    antecedents: Tensor
    scores: Tensor
    candidates: SpanCandidates
    candidate_scores: Tensor
    also_trained: Tensor | None = None
    boundaries: BoundaryScores | None = None

    def on_cpu(self) -> ScoredLinks:
        """Return the links on the CPU, brought there in one copy, without gradients."""
        others = () if self.also_trained is None else (self.also_trained,)
        mention_scores, antecedents, scores, candidate_scores, *further = to_cpu(
            self.mention_scores,
            self.antecedents,
            self.scores,
            self.candidate_scores,
            *others,
            *(self.boundaries or ()),
        )
        return ScoredLinks(
            self.spans.on_cpu,
            mention_scores,
            antecedents,
            scores,
            self.candidates.on_cpu,
            candidate_scores,
            None if self.also_trained is None else further[0],
            None if self.boundaries is None else BoundaryScores(*further[-2:]),
        )

    def are_finite(self) -> bool:
        """Return whether all scores are numbers, and none is infinite but of what is no link."""
        of_links = self.scores[self.scores != float("-inf")]
        return bool(self.mention_scores.isfinite().all() and of_links.isfinite().all())


def best_links(links: ScoredLinks, threshold: float) -> tuple[Tensor, Tensor]:
    """
    Return the best antecedent of each span, if it scores above a threshold.

    # Parameters

    links : `ScoredLinks`
        The scored links of a document.
    threshold : `float`
        0 is the score of no antecedent; minus infinity links whatever can be linked.

    # Returns

    `tuple[Tensor, Tensor]`
        The antecedents, as indices of spans, and the columns of `links.antecedents` that they stand
        in; -1 for none. Shape of each: (num_spans,)
    """
    if links.scores.numel() == 0:
        # Shape: (num_spans,)
        none = links.antecedents.new_full((links.antecedents.size(0),), -1)
        return none, none
    # Shape: (num_spans,)
    scores, columns = links.scores.max(dim=1)
    antecedents = links.antecedents.gather(1, columns.unsqueeze(1)).squeeze(1)
    is_link = (scores > threshold) & scores.isfinite()
    none = torch.full_like(antecedents, -1)
    return torch.where(is_link, antecedents, none), torch.where(is_link, columns, none)


def clusters_of_links(antecedents: Sequence[int]) -> list[list[int]]:
    """
    Return the clusters that links make.

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
