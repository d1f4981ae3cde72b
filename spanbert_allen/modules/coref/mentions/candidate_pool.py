"""The best candidates of a long document, found in memory that does not grow with its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from spanbert_allen.modules.coref.mentions.scorer import ScoredCandidates
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.layers.transfers import to_cpu

UNITS_PER_STRETCH = 16384
"""
How many units, to the end of a sentence, have all their candidates in memory at once. A document
has some ten candidates a unit, of which it takes less than one for a top span.
"""
_SPARE = 8
"""How many times as many candidates are held as are taken: some cross better ones."""

ScoreStretch = Callable[[int, int], ScoredCandidates]
"""Gives the candidates within some units of the document, and their scores."""


class CandidatePool:
    """
    Hold the candidates with the highest scores.

    # Parameters

    limit : `int`
        How many to hold at least; more where several have the lowest score.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[tuple[Tensor, Tensor, Tensor]] = []
        self._size = 0
        self._highest_dropped = float("-inf")
        self.is_whole = True
        """Whether it holds every candidate that was added."""

    def add(self, candidates: SpanCandidates, scores: Tensor) -> None:
        """
        Add the candidates of a stretch, which stand after those before.

        # Parameters

        candidates : `SpanCandidates`
            In units of the document.
        scores : `Tensor`
            Shape: (num_candidates,)
        """
        self._parts.append((candidates.starts, candidates.ends, scores))
        self._size += len(scores)
        if self._size > 2 * self._limit:
            self._prune()

    def held(self) -> tuple[SpanCandidates, Tensor]:
        """
        Return the candidates that are better than all that were dropped, with their scores.

        They are in order. A later one that is worse than a dropped one must not be taken in its
        place, so it is left out.
        """
        starts, ends, scores = self._all()
        better = scores > self._highest_dropped
        return SpanCandidates(starts[better], ends[better]), scores[better]

    def _all(self) -> tuple[Tensor, Tensor, Tensor]:
        starts, ends, scores = map(torch.cat, zip(*self._parts, strict=True))
        return starts, ends, scores

    def _prune(self) -> None:
        starts, ends, scores = self._all()
        lowest = scores.topk(max(self._limit, 1)).values[-1]
        stays = scores >= lowest
        if not bool(stays.all()):
            self.is_whole = False
            self._highest_dropped = max(self._highest_dropped, float(scores.detach()[~stays].max()))
        self._parts = [(starts[stays], ends[stays], scores[stays])]
        self._size = len(self._parts[0][2])


def pool_of(
    sentence_ids: Tensor, num_top: int, score: ScoreStretch
) -> tuple[SpanCandidates, Tensor, bool]:
    """
    Score the candidates of a document in stretches of whole sentences, and return the best.

    # Parameters

    sentence_ids : `Tensor`
        The sentence of each unit, ascending. Shape: (num_units,)
    num_top : `int`
        How many top spans the document has.
    score : `ScoreStretch`
        Scores the candidates from a unit to before another.

    # Returns

    `tuple[SpanCandidates, Tensor, bool]`
        At least `_SPARE` times as many candidates as top spans, in order, if there are so many;
        their scores; and whether these are all candidates of the document. All on the CPU, to which
        each stretch is brought in one copy.
    """
    pool = CandidatePool(_SPARE * num_top)
    for first, stop in _stretches(sentence_ids):
        found = score(first, stop)
        pool.add(found.candidates.on_cpu.moved(first), *to_cpu(found.scores))
    return *pool.held(), pool.is_whole


def _stretches(sentence_ids: Tensor) -> Iterator[tuple[int, int]]:
    """Yield stretches of whole sentences, `UNITS_PER_STRETCH` long or a sentence longer."""
    lengths = sentence_ids.unique_consecutive(return_counts=True)[1]
    first = 0
    for stop in lengths.cumsum(0).tolist():
        if stop - first >= UNITS_PER_STRETCH or stop == len(sentence_ids):
            yield first, stop
            first = stop
