"""The base of the antecedent scorers that score pairs of spans with a feed-forward network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.antecedents.pair_scorer import PairScorer
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, AntecedentScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import ScorerSettings


class PairNetworkAntecedents(AntecedentScorer):
    """
    Score pairs of spans by a feed-forward network, as Lee et al. (2017, 2018) do.

    Spans have the head's representation; a `PairScorer` scores them, again after each refinement. A
    subclass chooses the antecedents.

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of.
    """

    uses_spans: ClassVar[bool] = True
    reads: ClassVar[Sequence[str]] = (
        "max_antecedents",
        "features",
        "num_genres",
        "max_segments",
        "hidden_dim",
        "num_layers",
        "feature_size",
        "dropout",
        "input_dropout",
    )
    antecedent_scorer: PairScorer
    """
    The network of pairs. A subclass sets it to what `pair_network` returns, after its other parts:
    seeds and saved states of optimizers depend on the order of parameters.
    """

    def __init__(self, spans: SpanRepresentation):
        super().__init__()
        self.span_dim = spans.span_dim

    def pair_network(self, settings: ScorerSettings) -> PairScorer:
        """Return a new network for pairs of these spans."""
        return PairScorer.of(self.span_dim, settings)

    def represent(
        self, vectors: Tensor, top_spans: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        assert spans is not None
        return spans(vectors, top_spans)

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        return self.antecedent_scorer(spans, antecedents, context)
