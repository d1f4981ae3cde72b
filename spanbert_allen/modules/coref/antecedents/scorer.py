"""Link scorers: how well each kept span goes with the spans before it."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from allennlp.common import Registrable
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates


class Antecedents(NamedTuple):
    """
    The candidate antecedents of each kept span.

    indices : `Tensor`
        Shape: (num_spans, num_antecedents). Indices of kept spans.
    valid : `Tensor`
        Shape: (num_spans, num_antecedents), boolean. The first spans have fewer than others; what
        stands beyond is no antecedent.
    scores : `Tensor`
        Shape: (num_spans, num_antecedents). The scores they were chosen by; minus infinity where
        not valid.
    products : `Tensor | None`
        Shape: (num_spans, num_antecedents). What of `scores` comes of the spans' vectors, where
        another scoring replaces it; `None` where it adds to `scores`.
    """

    indices: Tensor
    valid: Tensor
    scores: Tensor
    products: Tensor | None = None


class LinkScorer(nn.Module, Registrable):
    """
    A link scorer makes a vector of each kept span, chooses a few antecedents for each, and scores
    them; a refinement may change the vectors between two scorings. Subclasses take any of `dim` (of
    a unit vector), `spans` (the head's `SpanRepresentation`: shared, not owned), `num_genres`, and
    the settings that `CorefHead` documents as shared, by their names.
    """

    uses_spans: ClassVar[bool]
    """Whether it reads the head's `SpanRepresentation`; otherwise its parameters may not exist."""
    span_dim: int
    """The width of its span vectors."""

    def represent(
        self, vectors: Tensor, kept: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        """
        The kept spans' vectors.

        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        kept : `SpanCandidates`
            Sorted by (start, end).
        spans : `SpanRepresentation | None`
            The head's; `None` only where no part uses it.

        # Returns

        `Tensor`
            Shape: (num_spans, span_dim)
        """
        raise NotImplementedError

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        """
        The few candidate antecedents of each span.

        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim). As `represent` made them.
        mention_scores : `Tensor`
            Shape: (num_spans,)
        context : `SpanContext`
        """
        raise NotImplementedError

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        """
        The scores of links.

        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim)
        antecedents : `Antecedents`
            What `choose` returned.
        context : `SpanContext`
        refined : `bool`
            Whether `spans` are others than those that `choose` saw.

        # Returns

        `Tensor`
            Against 0 for no antecedent; minus infinity where there is none. At least float32.
            Shape: (num_spans, num_antecedents)
        """
        raise NotImplementedError
