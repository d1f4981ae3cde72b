"""The base of mention scorers: how likely each candidate span is to be a mention."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import TakesSettings


class MentionScorer(nn.Module, TakesSettings):
    """
    Give each candidate span of a document one number: the log odds of its being a mention.

    See `TakesSettings` for what a subclass's constructor may take.
    """

    uses_spans: ClassVar[bool]
    """Whether it reads the head's `SpanRepresentation`, whose parameters exist only then."""

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
