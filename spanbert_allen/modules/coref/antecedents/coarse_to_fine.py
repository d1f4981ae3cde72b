"""Antecedents as published: a coarse score of all pairs of spans, a fine one of the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from spanbert_allen.modules.coref.antecedents.coarse import CoarseAntecedents
from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.antecedents.pair_network import PairNetworkAntecedents
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, AntecedentScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.settings import ScorerSettings


@AntecedentScorer.register("spanbert_coarse_to_fine_links")
class CoarseToFineAntecedents(PairNetworkAntecedents):
    """
    Choose antecedents by a coarse score of all pairs, and score these by a fine one.

    This is section 4 of Lee et al. (2018), "Higher-order Coreference Resolution with Coarse-to-fine
    Inference", with the features of Joshi et al. (2019).

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of.
    settings : `ScorerSettings`
        All of it is read but `max_span_width` and `width_prior`.
    project_antecedents : `bool`, optional (default = `False`)
        See `CoarseAntecedents`.
    """

    reads: ClassVar[Sequence[str]] = (*PairNetworkAntecedents.reads, "distance_prior")

    def __init__(
        self,
        spans: SpanRepresentation,
        settings: ScorerSettings,
        *,
        project_antecedents: bool = False,
    ):
        super().__init__(spans)
        self.coarse_antecedents = CoarseAntecedents(
            self.span_dim,
            max_antecedents=settings.max_antecedents,
            dropout=settings.dropout_of_inputs,
            distance_prior=settings.distance_prior,
            feature_size=settings.feature_size,
            project_antecedents=project_antecedents,
        )
        self.antecedent_scorer = self.pair_network(settings)

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        return self.coarse_antecedents(spans, mention_scores)
