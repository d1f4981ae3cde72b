"""Coarse antecedents: the best by a cheap score of all pairs of top spans."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.blocks import best_products, by_distance
from spanbert_allen.modules.coref.antecedents.pair_features import (
    NUM_DISTANCE_BUCKETS,
    distance_buckets,
)
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents
from spanbert_allen.modules.layers.precision import at_least_float32

_FLOAT16_DIVISOR = 64.0
"""What vectors in float16 are divided by, and their products multiplied with in float32."""


class CoarseAntecedents(nn.Module):
    """
    Choose the best antecedents of each span by a cheap score.

    `c(i, j) = m_i + m_j + (W g_i + b) . g_j + r[bucket(i - j)]` for `j < i`: the coarse score of
    Lee et al. (2018), section 4, with the distance prior `r` of Joshi et al. (2019).

    Only row blocks of the lower triangle are ever held, never all pairs.

    # Parameters

    span_dim : `int`
        The width of a span vector.
    max_antecedents : `int`, optional (default = `50`)
        The number of candidate antecedents of a span.
    dropout : `float`, optional (default = `0.3`)
        The dropout on both sides of the product and on the prior's table.
    distance_prior : `bool`, optional (default = `True`)
        Whether there is an `r`.
    feature_size : `int`, optional (default = `20`)
        The width of a row of the prior's table.
    project_antecedents : `bool`, optional (default = `False`)
        Whether the product is `g_i . (W g_j + b)`, as in AllenNLP. No weights make the two the
        same, because `b` is multiplied with the other span.
    """

    def __init__(
        self,
        span_dim: int,
        *,
        max_antecedents: int = 50,
        dropout: float = 0.3,
        distance_prior: bool = True,
        feature_size: int = 20,
        project_antecedents: bool = False,
    ):
        super().__init__()
        self.max_antecedents = max_antecedents
        self.project_antecedents = project_antecedents
        self.projection = nn.Linear(span_dim, span_dim)
        self.dropout = nn.Dropout(dropout)
        self.prior_embedding: nn.Embedding | None = None
        if distance_prior:
            self.prior_embedding = nn.Embedding(NUM_DISTANCE_BUCKETS, feature_size)
            self.prior_output = nn.Linear(feature_size, 1)

    def forward(self, spans: Tensor, mention_scores: Tensor) -> Antecedents:
        """
        Choose the candidate antecedents of each span.

        # Parameters

        spans : `Tensor`
            The vectors of the top spans in document order. Shape: (num_spans, span_dim)
        mention_scores : `Tensor`
            Shape: (num_spans,)

        # Returns

        `Antecedents`
            `num_antecedents` is min(max_antecedents, num_spans - 1), at least 0.
        """
        # Shape: (num_spans, span_dim)
        projected, plain = self.dropout(self.projection(spans)), self.dropout(spans)
        # float16 holds no product above 65,504, which those of wide vectors may exceed.
        divisor = _FLOAT16_DIVISOR if projected.dtype == torch.float16 else 1.0
        if divisor != 1.0:
            projected = projected / divisor
        sources, targets = (plain, projected) if self.project_antecedents else (projected, plain)
        # Shape: (num_spans,)
        distance_scores = self._distance_scores(spans.size(0), spans)
        known_distances, known_mentions = distance_scores.detach(), mention_scores.detach()

        def rank(products: Tensor, first: int, stop: int) -> Tensor:
            num_columns = products.size(1)
            scores = by_distance(known_distances, first, stop, num_columns)
            return scores.add_(products, alpha=divisor).add_(known_mentions[:num_columns])

        # Shape: (num_spans, num_antecedents)
        indices, products = best_products(sources, targets, self.max_antecedents, rank)
        positions = torch.arange(spans.size(0), device=spans.device).unsqueeze(1)
        valid = indices < positions
        products = at_least_float32(products) * divisor
        scores = products + mention_scores.unsqueeze(1) + mention_scores[indices]
        scores = scores + distance_scores[(positions - indices).clamp(min=0)]
        return Antecedents(indices, valid, scores.masked_fill(~valid, float("-inf")))

    def _distance_scores(self, num_spans: int, like: Tensor) -> Tensor:
        """Return the prior of each distance, in float32 at least. Shape: (num_spans,)."""
        if self.prior_embedding is None:
            return at_least_float32(like.new_zeros(num_spans))
        # Shape: (num_buckets,)
        prior = self.prior_output(self.dropout(self.prior_embedding.weight)).squeeze(-1)
        buckets = distance_buckets(torch.arange(num_spans, device=like.device))
        return at_least_float32(prior)[buckets]
