"""What the link scorers share whose links are scored by a network of pairs of spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from spanbert_allen.modules.coref.antecedents.pair_features import PairFeatures, SpanContext
from spanbert_allen.modules.coref.antecedents.pair_scorer import AntecedentScorer
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, LinkScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates


class PairNetworkLinks(LinkScorer):
    """
    Base of the link scorers with the score of pairs of Lee et al. (2017, 2018): spans have the
    head's representation, and an `AntecedentScorer` scores them again once they are refined. A
    subclass chooses the antecedents.

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of.
    """

    uses_spans: ClassVar[bool] = True
    antecedent_scorer: AntecedentScorer
    """
    A subclass sets it, to what `pair_network` returns: after its other parts, as seeds and saved
    states of optimizers depend on the order of parameters.
    """

    def __init__(self, spans: SpanRepresentation):
        super().__init__()
        self.span_dim = spans.span_dim

    def pair_network(
        self,
        *,
        features: Sequence[str],
        num_genres: int,
        max_segments: int,
        hidden_dim: int,
        num_layers: int,
        feature_size: int,
        dropout: float,
        input_dropout: float,
    ) -> AntecedentScorer:
        """
        The network for pairs of these spans.

        # Parameters

        features, num_genres, max_segments, feature_size
            See `PairFeatures`.
        hidden_dim, num_layers, dropout
            See `FeedForwardScorer`.
        input_dropout : `float`
            On the features.
        """
        rows = PairFeatures(
            features,
            feature_size=feature_size,
            num_genres=num_genres,
            max_segments=max_segments,
            dropout=input_dropout,
        )
        return AntecedentScorer(
            self.span_dim, rows, hidden_dim=hidden_dim, num_layers=num_layers, dropout=dropout
        )

    def represent(
        self, vectors: Tensor, kept: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        assert spans is not None
        return spans(vectors, kept)

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        return self.antecedent_scorer(spans, antecedents, context)
