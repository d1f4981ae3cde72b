"""Clusters of a window that are joined with those of the windows before it."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
from spanbert_allen.modules.coref.joiners import ClusterJoiner
from spanbert_allen.modules.coref.joiners.cluster_joiner import ClusterMention


class ClusterLink(NamedTuple):
    """
    A link by which a cluster may join an earlier one.

    span, antecedent : `int`
        The first span of the one and of the other, counted over all windows.
    score : `float`
        Of the two clusters, as of any link.
    """

    span: int
    antecedent: int
    score: float


class JoinedClusters:
    """
    Remember the latest clusters of a document, and find those that new ones belong to.

    A cluster counts if it has two mentions or more, or one with a mention score above 0.

    # Parameters

    joiner : `ClusterJoiner`
        Scores clusters; it says how many are remembered.
    head : `CorefHead`
        The head that scores the windows.
    document : `DocumentUnits`
        The whole document, all but its vectors on the CPU.
    link_threshold : `float`
        The score that joins two clusters must exceed.
    """

    def __init__(
        self,
        joiner: ClusterJoiner,
        head: CorefHead,
        document: DocumentUnits,
        *,
        link_threshold: float,
    ) -> None:
        self._joiner, self._head, self._document = joiner, head, document
        self._threshold = link_threshold
        # A cluster is known by its first span.
        self._cluster_of: list[int] = []  # of each span so far
        self._sizes: dict[int, int] = {}
        self._remembered: OrderedDict[int, list[ClusterMention]] = OrderedDict()  # the latest last

    def add(
        self,
        spans: Sequence[tuple[int, int]],
        mention_scores: Sequence[float],
        antecedents: Sequence[int],
        may_link: Callable[[int, int], bool] | None = None,
    ) -> list[ClusterLink]:
        """
        Take in the spans that a window has added, and return what their clusters may join.

        # Parameters

        spans, mention_scores, antecedents
            As for `RememberedMentions.add`.
        may_link : `Callable[[int, int], bool]`, optional (default = `None`)
            Tells whether the clusters of two spans may be one; all may if it is `None`.

        # Returns

        `list[ClusterLink]`
            For each cluster that begins in the window, the best earlier one, joined or not.
        """
        first = len(self._cluster_of)
        mentions = list(map(ClusterMention, spans, mention_scores))
        for number, antecedent in enumerate(antecedents, start=first):
            cluster = number if antecedent < 0 else self._cluster_of[antecedent]
            self._cluster_of.append(cluster)
            self._sizes[cluster] = self._sizes.get(cluster, 0) + 1
        links = self._links(first, mentions, may_link)
        home = {link.span: link.antecedent for link in links if self._joins(link)}
        for number, mention in enumerate(mentions, start=first):
            cluster = self._cluster_of[number]
            if cluster in home:
                self._cluster_of[number] = cluster = home[cluster]
            self._remember(cluster, mention)
        for begun, cluster in home.items():
            self._sizes[cluster] += self._sizes.pop(begun)
        return links

    def joined(self, antecedents: Sequence[int], links: Sequence[ClusterLink]) -> list[int]:
        """Return the antecedents of the spans of the last window, with those that links add."""
        found = list(antecedents)
        first = len(self._cluster_of) - len(found)
        for link in links:
            if self._joins(link):
                found[link.span - first] = link.antecedent
        return found

    def _joins(self, link: ClusterLink) -> bool:
        return link.score > self._threshold

    def _links(
        self,
        first: int,
        mentions: Sequence[ClusterMention],
        may_link: Callable[[int, int], bool] | None,
    ) -> list[ClusterLink]:
        """Return the best links of the clusters that begin at the span `first` or later."""
        begun: dict[int, list[ClusterMention]] = {}
        for number, mention in enumerate(mentions, start=first):
            cluster = self._cluster_of[number]
            if cluster >= first and self._counts(cluster, mention):
                begun.setdefault(cluster, []).append(mention)
        if not begun or not self._remembered:
            return []
        scores = self._joiner.scores(
            self._head, self._document, list(self._remembered.values()), list(begun.values())
        )
        earlier = list(self._remembered)
        if may_link is not None:
            allowed = [[may_link(span, other) for other in earlier] for span in begun]
            scores = scores.masked_fill(~torch.tensor(allowed), float("-inf"))
        best, columns = scores.max(dim=1)
        return [
            ClusterLink(span, earlier[column], score)
            for span, column, score in zip(begun, columns.tolist(), best.tolist(), strict=True)
            if math.isfinite(score)
        ]

    def _counts(self, cluster: int, mention: ClusterMention) -> bool:
        return self._sizes[cluster] > 1 or mention.score > 0

    def _remember(self, cluster: int, mention: ClusterMention) -> None:
        if not self._counts(cluster, mention):
            return
        mentions = self._remembered.setdefault(cluster, [])
        self._remembered.move_to_end(cluster)
        mentions.append(mention)
        if len(mentions) > self._joiner.mentions:
            mentions.remove(min(mentions, key=lambda one: one.score))
        if len(self._remembered) > self._joiner.clusters:
            single = (one for one in self._remembered if self._sizes[one] == 1)
            del self._remembered[next(single, next(iter(self._remembered)))]
