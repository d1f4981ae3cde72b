"""The base of mention scorers: how likely each candidate span is to be a mention."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import TakesSettings
from spanbert_allen.modules.layers.precision import at_least_float32

FindCandidates = Callable[[Tensor | None], SpanCandidates]
"""
Gives the candidates that begin with some units, or with any if it is given `None`.

The units are a boolean for each, on the CPU. Shape: (num_units,)
"""


class BoundaryScores(NamedTuple):
    """
    The scores that a loss trains in place of mention scores, which are made of them.

    start_scores : `Tensor`
        The log odds that a mention begins with each unit. Shape: (num_units,)
    end_scores : `Tensor`
        The log odds that each candidate ends where a mention of its first unit does.
        Shape: (num_candidates,)
    """

    start_scores: Tensor
    end_scores: Tensor


class ScoredCandidates(NamedTuple):
    """
    The candidate spans of a document, or of a stretch of it, with their mention scores.

    candidates : `SpanCandidates`
        Sorted by (start, end); both columns of shape (num_candidates,).
    scores : `Tensor`
        In float32 at least. Shape: (num_candidates,)
    boundaries : `BoundaryScores | None`
        What the scores are made of, if that is what a loss trains.
    """

    candidates: SpanCandidates
    scores: Tensor
    boundaries: BoundaryScores | None = None


class MentionScorer(nn.Module, TakesSettings):
    """
    Give each candidate span of a document one number: the log odds of its being a mention.

    See `TakesSettings` for what a subclass's constructor may take.
    """

    uses_spans: ClassVar[bool]
    """Whether it reads the head's `SpanRepresentation`, whose parameters exist only then."""
    needs_mention_loss: ClassVar[bool] = False
    """Whether nothing but a mention loss trains it, so that the model's weight must not be 0."""

    def propose(
        self, vectors: Tensor, find: FindCandidates, spans: SpanRepresentation | None
    ) -> ScoredCandidates:
        """
        Return the candidates and their scores; a scorer that narrows them down overrides it.

        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        find : `FindCandidates`
            Gives the candidates, on the device of the vectors.
        spans : `SpanRepresentation | None`
            As for `forward`.
        """
        candidates = find(None)
        if not candidates.starts.numel():
            return ScoredCandidates(candidates, at_least_float32(vectors.new_zeros(0)))
        return ScoredCandidates(candidates, self(vectors, candidates, spans))

    def forward(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        """
        Return the scores of the candidates.

        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        candidates : `SpanCandidates`
            Sorted by start, at least one. A given mention may be wider than `max_span_width`.
        spans : `SpanRepresentation | None`
            The head's; `None` only where no scorer uses it.

        # Returns

        `Tensor`
            In float32 at least. Shape: (num_candidates,)
        """
        raise NotImplementedError
