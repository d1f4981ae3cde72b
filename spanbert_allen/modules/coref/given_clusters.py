"""Clusters that a user gives in part: links add to them, and never part or join them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spanbert_allen.modules.coref.scored_links import ScoredLinks


class LinkedSpans(NamedTuple):
    """
    The clusters that links make beside given ones.

    groups : `list[list[int]]`
        Clusters of span indices in document order: of at least two spans, or with a given one.
    columns : `list[int]`
        For each span the column of `ScoredLinks.antecedents` with the antecedent that it is linked
        to, or -1 for none. A given span may be in a cluster without being linked.
    """

    groups: list[list[int]]
    columns: list[int]


def link_beside_given(
    links: ScoredLinks, given: Sequence[int], threshold: float, *, may_join: bool
) -> LinkedSpans:
    """
    Link each span to its best antecedent that keeps given clusters apart.

    # Parameters

    links : `ScoredLinks`
        The scored links of the document, on the CPU.
    given : `Sequence[int]`
        The number of the given cluster that each span is in, or -1 for none.
    threshold : `float`
        A link must score above it, as for `best_links`.
    may_join : `bool`
        Whether links may join two given clusters.
    """
    clusters = GrowingClusters(may_join=may_join)
    for number in given:
        clusters.add(number)
    chosen = clusters.link(links, threshold)
    return LinkedSpans(clusters.groups(), chosen)


class GrowingClusters:
    """
    Hold sets of spans that grow together, each with at most one given cluster.

    # Parameters

    may_join : `bool`
        Whether links may join two given clusters.
    """

    def __init__(self, *, may_join: bool) -> None:
        self._may_join = may_join
        self._parents: list[int] = []
        self._given: list[int] = []
        self._first_of: dict[int, int] = {}

    def add(self, number: int) -> int:
        """
        Add a span, and return the first one of its given cluster, or -1 if there is none before.

        # Parameters

        number : `int`
            The number of its given cluster, or -1 for none.
        """
        span = len(self._parents)
        self._parents.append(span)
        self._given.append(number)
        first = self._first_of.setdefault(number, span) if number >= 0 else span
        if first == span:
            return -1
        self.join(span, first)
        return first

    def link(self, links: ScoredLinks, threshold: float, *, first: int = 0) -> list[int]:
        """
        Link spans to their best antecedents, and return the columns of these, or -1 for none.

        # Parameters

        links : `ScoredLinks`
            The scored links of the spans from `first` on; antecedents are counted from 0.
        threshold : `float`
            A link must score above it.
        first : `int`, optional (default = `0`)
            The number of the first of the spans.
        """
        scores, columns_by_score = links.scores.sort(dim=1, descending=True, stable=True)
        rows = (scores.tolist(), columns_by_score.tolist(), links.antecedents.tolist())
        chosen = []
        for span, (row, columns, antecedents) in enumerate(zip(*rows, strict=True), start=first):
            chosen.append(-1)
            for score, column in zip(row, columns, strict=True):
                if not score > max(threshold, float("-inf")):
                    break
                if self.join(span, antecedents[column]):
                    chosen[-1] = column
                    break
        return chosen

    def may_link(self, span: int, other: int) -> bool:
        """Return whether nothing is against the sets of two spans being one."""
        numbers = {self._given[self._root(span)], self._given[self._root(other)]} - {-1}
        return len(numbers) < 2 or self._may_join

    def join(self, span: int, other: int) -> bool:
        """Join the sets of two spans, if nothing is against it; return whether they are one."""
        if not self.may_link(span, other):
            return False
        root, other_root = self._root(span), self._root(other)
        self._parents[max(root, other_root)] = min(root, other_root)
        self._given[min(root, other_root)] = max(self._given[root], self._given[other_root])
        return True

    def groups(self) -> list[list[int]]:
        """Return the sets of several spans, or with a given span; those with one come first."""
        members: dict[int, list[int]] = {}
        for span in range(len(self._parents)):
            members.setdefault(self._root(span), []).append(span)
        found = [
            (self._given[root] < 0, group)
            for root, group in members.items()
            if len(group) > 1 or self._given[root] >= 0
        ]
        return [group for _, group in sorted(found, key=lambda pair: pair[0])]

    def _root(self, span: int) -> int:
        while self._parents[span] != span:
            self._parents[span] = self._parents[self._parents[span]]
            span = self._parents[span]
        return span
