"""The mentions that stand for clusters which a window of a document no longer holds."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import NamedTuple


class _Mention(NamedTuple):
    span: tuple[int, int]
    score: float
    cluster: int


class RememberedMentions:
    """
    One mention for each of the clusters seen last, the one with the highest mention score: a
    bounded memory, as of Toshniwal et al. (2020), "Learning to Ignore", with the oldest cluster
    the first to go.

    # Parameters

    limit : `int`
        How many mentions at most.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._cluster_of: list[int] = []  # of each kept span so far
        self._sizes: dict[int, int] = {}
        self._waiting: deque[_Mention] = deque()  # in the windows still, in their order
        self._standing: OrderedDict[int, _Mention] = OrderedDict()  # by cluster, the latest last

    def add(
        self,
        spans: Sequence[tuple[int, int]],
        mention_scores: Sequence[float],
        antecedents: Sequence[int],
    ) -> None:
        """
        Takes the spans that a window has added.

        # Parameters

        spans : `Sequence[tuple[int, int]]`
            First and last unit of each.
        mention_scores : `Sequence[float]`
        antecedents : `Sequence[int]`
            The number of the kept span each is linked to, counted over all windows; -1 for none.
        """
        for span, score, antecedent in zip(spans, mention_scores, antecedents, strict=True):
            number = len(self._cluster_of)
            cluster = number if antecedent < 0 else self._cluster_of[antecedent]
            self._cluster_of.append(cluster)
            self._sizes[cluster] = self._sizes.get(cluster, 0) + 1
            self._waiting.append(_Mention(span, score, cluster))

    def forget_before(self, start: int) -> None:
        """Lets go of the text before this unit, and remembers what stands for its clusters."""
        while self._waiting and self._waiting[0].span[0] < start:
            mention = self._waiting.popleft()
            if mention.span[1] >= start or self._sizes[mention.cluster] < 2:
                continue
            best = self._standing.pop(mention.cluster, mention)
            self._standing[mention.cluster] = max(best, mention, key=lambda some: some.score)
            if len(self._standing) > self._limit:
                self._standing.popitem(last=False)

    def mentions(self) -> list[tuple[int, int]]:
        """The spans remembered, in document order."""
        return sorted(mention.span for mention in self._standing.values())
