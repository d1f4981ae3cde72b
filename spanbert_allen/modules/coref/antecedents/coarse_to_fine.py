"""Links as published: a coarse score of all pairs of spans, a fine one of the best."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from spanbert_allen.modules.coref.antecedents.coarse import CoarseAntecedents
from spanbert_allen.modules.coref.antecedents.pair_features import FEATURES, SpanContext
from spanbert_allen.modules.coref.antecedents.pair_network import PairNetworkLinks
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, LinkScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation


@LinkScorer.register("spanbert_coarse_to_fine_links")
class CoarseToFineLinks(PairNetworkLinks):
    """
    Coarse-to-fine antecedents of Lee et al. (2018), "Higher-order Coreference Resolution with
    Coarse-to-fine Inference", section 4, with the features of Joshi et al. (2019).

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of.
    max_antecedents, distance_prior, feature_size, project_antecedents
        See `CoarseAntecedents`.
    features, num_genres, max_segments
        See `PairFeatures`.
    hidden_dim, num_layers, dropout
        See `FeedForwardScorer`.
    input_dropout : `float`, optional (default = `0.3`)
        On what the coarse score and the pairs' network are given.
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
        distance_prior: bool = True,
        project_antecedents: bool = False,
    ):
        super().__init__(spans)
        self.coarse_antecedents = CoarseAntecedents(
            self.span_dim,
            max_antecedents=max_antecedents,
            dropout=input_dropout,
            distance_prior=distance_prior,
            feature_size=feature_size,
            project_antecedents=project_antecedents,
        )
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
        return self.coarse_antecedents(spans, mention_scores)
