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
    bounded memory, as of Toshniwal et al. (2020), "Learning to Ignore". Mentions that are linked to
    nothing yet are remembered, too, where they score above 0 as mentions; they are the first to go,
    then the clusters that were not seen for longest.

    # Parameters

    limit : `int`
        How many mentions at most.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._cluster_of: list[int] = []  # of each kept span so far
        self._sizes: dict[int, int] = {}
        self._waiting: deque[_Mention] = deque()  # in the windows still, in their order
        # By cluster, the latest last.
        self._single: OrderedDict[int, _Mention] = OrderedDict()
        self._linked: OrderedDict[int, _Mention] = OrderedDict()

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
            if mention.span[1] < start:  # a sentence that was cut may have it still
                self._remember(mention)

    def mentions(self) -> list[tuple[int, int]]:
        """The spans remembered, in document order."""
        remembered = [*self._single.values(), *self._linked.values()]
        return sorted(mention.span for mention in remembered)

    def _remember(self, mention: _Mention) -> None:
        cluster = mention.cluster
        if self._sizes[cluster] == 1:
            if mention.score <= 0:
                return
            self._single[cluster] = mention
        else:
            before = self._single.pop(cluster, None) or self._linked.pop(cluster, mention)
            self._linked[cluster] = max(before, mention, key=lambda some: some.score)
        if len(self._single) + len(self._linked) > self._limit:
            (self._single or self._linked).popitem(last=False)
