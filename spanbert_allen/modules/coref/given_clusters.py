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
    clusters = _Clusters(given, may_join=may_join)
    scores, columns_by_score = links.scores.sort(dim=1, descending=True, stable=True)
    chosen = []
    for span, (row, columns) in enumerate(
        zip(scores.tolist(), columns_by_score.tolist(), strict=True)
    ):
        antecedents = links.antecedents[span].tolist()
        chosen.append(-1)
        for score, column in zip(row, columns, strict=True):
            if not score > max(threshold, float("-inf")):
                break
            if clusters.join(span, antecedents[column]):
                chosen[-1] = column
                break
    return LinkedSpans(clusters.groups(), chosen)


class _Clusters:
    """Sets of spans that grow together, each with at most one given cluster."""

    def __init__(self, given: Sequence[int], *, may_join: bool):
        self._parents = list(range(len(given)))
        self._given = list(given)
        self._may_join = may_join
        first_of: dict[int, int] = {}
        for span, number in enumerate(given):
            if number >= 0:
                self.join(span, first_of.setdefault(number, span))

    def join(self, span: int, other: int) -> bool:
        """Join the sets of two spans, if nothing is against it; return whether they are one."""
        root, other_root = self._root(span), self._root(other)
        numbers = {self._given[root], self._given[other_root]} - {-1}
        if len(numbers) > 1 and not self._may_join:
            return False
        self._parents[max(root, other_root)] = min(root, other_root)
        self._given[min(root, other_root)] = max(numbers, default=-1)
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
