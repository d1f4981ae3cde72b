"""The mentions that stand for clusters which lie before the window of a document."""

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
    Remember one mention of each of the latest clusters.

    It is the one with the highest mention score: a bounded memory as in Toshniwal et al. (2020),
    "Learning to Ignore". Mentions that are linked to nothing yet are remembered as well if they
    score above 0 as mentions. When the memory is full these go first, then the clusters whose last
    mention lies farthest back, and given clusters, which are remembered whatever they score, last.

    # Parameters

    limit : `int`
        The most mentions to remember.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._cluster_of: list[int] = []  # of each top span so far
        self._sizes: dict[int, int] = {}
        self._given: set[int] = set()
        self._waiting: deque[_Mention] = deque()  # still in the window, in order
        # By cluster, the latest last.
        self._single: OrderedDict[int, _Mention] = OrderedDict()
        self._linked: OrderedDict[int, _Mention] = OrderedDict()

    def add(
        self,
        spans: Sequence[tuple[int, int]],
        mention_scores: Sequence[float],
        antecedents: Sequence[int],
        are_given: Sequence[bool] | None = None,
    ) -> None:
        """
        Take in the spans that a window has added.

        # Parameters

        spans : `Sequence[tuple[int, int]]`
            The first and last unit of each.
        mention_scores : `Sequence[float]`
            The score of each as a mention.
        antecedents : `Sequence[int]`
            The number of the span that each is linked to, counted over all windows; -1 for none.
        are_given : `Sequence[bool]`, optional (default = none)
            Whether each is in a given cluster.
        """
        are_given = are_given or [False] * len(spans)
        rows = zip(spans, mention_scores, antecedents, are_given, strict=True)
        for span, score, antecedent, is_given in rows:
            number = len(self._cluster_of)
            cluster = number if antecedent < 0 else self._cluster_of[antecedent]
            self._cluster_of.append(cluster)
            self._sizes[cluster] = self._sizes.get(cluster, 0) + 1
            if is_given:
                self._given.add(cluster)
            self._waiting.append(_Mention(span, score, cluster))

    def forget_before(self, start: int) -> None:
        """Let go of the text before this unit; remember a mention for each of its clusters."""
        while self._waiting and self._waiting[0].span[0] < start:
            mention = self._waiting.popleft()
            if mention.span[1] < start:  # a sentence that was cut may have it still
                self._remember(mention)

    def mentions(self) -> list[tuple[int, int]]:
        """Return the remembered spans in document order."""
        remembered = [*self._single.values(), *self._linked.values()]
        return sorted(mention.span for mention in remembered)

    def _remember(self, mention: _Mention) -> None:
        cluster = mention.cluster
        if self._sizes[cluster] == 1 and cluster not in self._given:
            if mention.score <= 0:
                return
            self._single[cluster] = mention
        else:
            before = self._single.pop(cluster, None) or self._linked.pop(cluster, mention)
            self._linked[cluster] = max(before, mention, key=lambda some: some.score)
        if len(self._single) + len(self._linked) > self._limit:
            found = self._single or self._linked
            del found[next((one for one in found if one not in self._given), next(iter(found)))]
