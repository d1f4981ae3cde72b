"""Mention scorers: how likely each candidate span is to be a mention."""

from __future__ import annotations

from typing import ClassVar

from allennlp.common import Registrable
from torch import Tensor, nn

from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates


class MentionScorer(nn.Module, Registrable):
    """
    A mention scorer gives each candidate span of a document one number, the log odds of its being a
    mention. Subclasses take any of `dim` (of a unit vector), `spans` (the head's
    `SpanRepresentation`: shared, not owned), `max_span_width`, and the settings that `CorefHead`
    documents as shared, by their names.
    """

    uses_spans: ClassVar[bool]
    """Whether it reads the head's `SpanRepresentation`; otherwise its parameters may not exist."""

    def forward(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        """
        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        candidates : `SpanCandidates`
            Sorted by start, at least one.
        spans : `SpanRepresentation | None`
            The head's; `None` only where no part uses it.

        # Returns

        `Tensor`
            At least float32. Shape: (num_candidates,)
        """
        raise NotImplementedError
