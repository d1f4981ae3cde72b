"""Antecedents among the nearest spans before."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.antecedents.pair_network import PairNetworkAntecedents
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, AntecedentScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.settings import ScorerSettings


@AntecedentScorer.register("spanbert_nearest_links")
class NearestAntecedents(PairNetworkAntecedents):
    """
    Take the nearest top spans before each span as its candidate antecedents.

    So do Lee et al. (2017), "End-to-end Neural Coreference Resolution", section 5, and AllenNLP's
    model without `coarse_to_fine`. `s(i, j) = m_i + m_j + FFN([g_i ; g_j ; g_i * g_j ; features])`.

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of.
    settings : `ScorerSettings`
        All of it is read but `max_span_width` and the priors.
    """

    def __init__(self, spans: SpanRepresentation, settings: ScorerSettings):
        super().__init__(spans)
        self.max_antecedents = settings.max_antecedents
        self.antecedent_scorer = self.pair_network(settings)

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        num_spans = spans.size(0)
        num_antecedents = min(self.max_antecedents, max(num_spans - 1, 0))
        # Shape: (num_spans, 1)
        positions = torch.arange(num_spans, device=spans.device).unsqueeze(1)
        # Shape: (num_spans, num_antecedents)
        indices = positions - 1 - torch.arange(num_antecedents, device=spans.device)
        valid = indices >= 0
        # The first spans have fewer: spans that do not precede them fill up their rows.
        indices = torch.where(valid, indices, positions - 1 - indices)
        scores = mention_scores.unsqueeze(1) + mention_scores[indices]
        return Antecedents(indices, valid, scores.masked_fill(~valid, float("-inf")))
