"""The base of antecedent scorers: how well each top span goes with the spans before it."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import TakesSettings


class Antecedents(NamedTuple):
    """
    The candidate antecedents of each top span.

    indices : `Tensor`
        Shape: (num_spans, num_antecedents). Indices of top spans.
    valid : `Tensor`
        Shape: (num_spans, num_antecedents), boolean. False for the entries that fill up the rows of
        the first spans, which have fewer antecedents than others.
    scores : `Tensor`
        Shape: (num_spans, num_antecedents). The scores they were chosen by; minus infinity where
        not valid.
    products : `Tensor | None`
        Shape: (num_spans, num_antecedents). The part of `scores` that comes from the spans'
        vectors, for scorers that replace it once the vectors are refined; `None` for others.
    categories : `Tensor | None`
        Shape: (num_spans, num_antecedents), uint8. The category of each pair, for scorers that have
        categories.
    """

    indices: Tensor
    valid: Tensor
    scores: Tensor
    products: Tensor | None = None
    categories: Tensor | None = None


class AntecedentScorer(nn.Module, TakesSettings):
    """
    Make a vector of each top span, choose a few candidate antecedents for each, and score them.

    A refinement may change the vectors and ask for the scores again. See `TakesSettings` for what a
    subclass's constructor may take.
    """

    uses_spans: ClassVar[bool]
    """Whether it reads the head's `SpanRepresentation`, whose parameters exist only then."""
    uses_words: ClassVar[bool] = False
    """Whether it reads the words of spans: `SpanContext.words`."""
    span_dim: int
    """The width of its span vectors."""

    def represent(
        self, vectors: Tensor, top_spans: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        """
        Return the vectors of the top spans.

        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        top_spans : `SpanCandidates`
            Sorted by (start, end).
        spans : `SpanRepresentation | None`
            The head's; `None` only where no scorer uses it.

        # Returns

        `Tensor`
            Shape: (num_spans, span_dim)
        """
        raise NotImplementedError

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        """
        Choose the candidate antecedents of each span.

        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim). As `represent` made them.
        mention_scores : `Tensor`
            Shape: (num_spans,)
        context : `SpanContext`
            What else is known of the spans.
        """
        raise NotImplementedError

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        """
        Score the links of spans to their candidate antecedents.

        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim)
        antecedents : `Antecedents`
            What `choose` returned.
        context : `SpanContext`
            What else is known of the spans.
        refined : `bool`
            Whether `spans` differ from those that `choose` saw.

        # Returns

        `Tensor`
            In float32 at least; 0 is the score of no antecedent, and minus infinity stands where
            an entry is not valid. Shape: (num_spans, num_antecedents)
        """
        raise NotImplementedError
