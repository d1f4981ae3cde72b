"""Links to the nearest spans before."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spanbert_allen.modules.coref.antecedents.pair_features import FEATURES, SpanContext
from spanbert_allen.modules.coref.antecedents.pair_network import PairNetworkLinks
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, LinkScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation


@LinkScorer.register("spanbert_nearest_links")
class NearestLinks(PairNetworkLinks):
    """
    The candidate antecedents of Lee et al. (2017), "End-to-end Neural Coreference Resolution",
    section 5: the nearest kept spans before each. `s(i, j) = m_i + m_j + FFN([g_i ; g_j ; g_i * g_j
    ; features])`. AllenNLP's model without `coarse_to_fine` does so.

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of.
    max_antecedents : `int`, optional (default = `50`)
        How many of the nearest.
    features, num_genres, max_segments
        See `PairFeatures`.
    hidden_dim, num_layers, feature_size, dropout
        See `FeedForwardScorer`.
    input_dropout : `float`, optional (default = `0.3`)
        On the features.
    """

    def __init__(
        self,
        spans: SpanRepresentation,
        *,
        max_antecedents: int = 50,
        features: Sequence[str] = FEATURES,
        num_genres: int = 7,
        max_segments: int = 3,
        hidden_dim: int = 3000,
        num_layers: int = 1,
        feature_size: int = 20,
        dropout: float = 0.3,
        input_dropout: float = 0.3,
    ):
        super().__init__(spans)
        self.max_antecedents = max_antecedents
        self.antecedent_scorer = self.pair_network(
            features=features,
            num_genres=num_genres,
            max_segments=max_segments,
            hidden_dim=hidden_dim,
            num_layers=num_layers,
            feature_size=feature_size,
            dropout=dropout,
            input_dropout=input_dropout,
        )

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        num_spans = spans.size(0)
        num_antecedents = min(self.max_antecedents, max(num_spans - 1, 0))
        positions = torch.arange(num_spans, device=spans.device).unsqueeze(1)
        # Shape: (num_spans, num_antecedents)
        indices = positions - 1 - torch.arange(num_antecedents, device=spans.device)
        valid = indices >= 0
        # The first spans have fewer: spans that do not precede them fill their rows up.
        indices = torch.where(valid, indices, positions - 1 - indices)
        scores = mention_scores.unsqueeze(1) + mention_scores[indices]
        return Antecedents(indices, valid, scores.masked_fill(~valid, float("-inf")))
