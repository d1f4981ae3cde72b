"""A cheap score of every pair of kept spans, and the few best antecedents of each by it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spanbert_allen.modules.chunking import overlapping_slices, row_bounds, run_chunks
from spanbert_allen.modules.distance import NUM_DISTANCE_BUCKETS, distance_buckets
from spanbert_allen.modules.link_scorer import Antecedents

_ROWS_PER_CHUNK = 256
_PAIRS_PER_CHUNK = 2048


class CoarseAntecedents(nn.Module):
    """
    `c(i, j) = m_i + m_j + (W g_i + b) . g_j + r[bucket(i - j)]` for `j < i`, the coarse score of
    Lee et al. (2018), section 4, with the distance prior `r` of Joshi et al. (2019).

    Only row blocks of the lower triangle are ever held, never all pairs; the best antecedents are
    found without gradients, and only their scores are computed with them.

    # Parameters

    span_dim : `int`
    max_antecedents : `int`, optional (default = `50`)
        How many are kept for each span.
    dropout : `float`, optional (default = `0.3`)
        On both sides of the product and on the prior's table.
    distance_prior : `bool`, optional (default = `True`)
    feature_size : `int`, optional (default = `20`)
    project_antecedents : `bool`, optional (default = `False`)
        `g_i . (W g_j + b)` instead, as in AllenNLP: no other weights are the same, because `b`
        goes with the other span.
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
        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim). Kept spans in document order.
        mention_scores : `Tensor`
            Shape: (num_spans,)

        # Returns

        `Antecedents`
            num_antecedents is min(max_antecedents, num_spans - 1), at least 0.
        """
        num_spans = spans.size(0)
        # Shape: (num_spans, span_dim)
        projected, plain = self.dropout(self.projection(spans)), self.dropout(spans)
        sources, targets = (plain, projected) if self.project_antecedents else (projected, plain)
        # Shape: (num_spans,)
        distance_scores = self._distance_scores(num_spans, spans)
        with torch.no_grad():
            indices = self._best(sources, targets, mention_scores, distance_scores)
        # Shape: (num_spans, num_antecedents)
        positions = torch.arange(num_spans, device=spans.device).unsqueeze(1)
        valid = indices < positions
        scores = self._products(sources, targets, indices)
        scores = scores + mention_scores.unsqueeze(1) + mention_scores[indices]
        scores = scores + distance_scores[(positions - indices).clamp(min=0)]
        return Antecedents(indices, valid, scores.masked_fill(~valid, float("-inf")))

    def _distance_scores(self, num_spans: int, like: Tensor) -> Tensor:
        """The prior of each distance. Shape: (num_spans,)"""
        if self.prior_embedding is None:
            return like.new_zeros(num_spans)
        # Shape: (num_buckets,)
        prior = self.prior_output(self.dropout(self.prior_embedding.weight)).squeeze(-1)
        return prior[distance_buckets(torch.arange(num_spans, device=like.device))]

    def _best(
        self, sources: Tensor, targets: Tensor, mention_scores: Tensor, distance_scores: Tensor
    ) -> Tensor:
        """
        Shape: (num_spans, num_antecedents). Rows with fewer antecedents than that are filled up
        with spans that do not precede them.
        """
        num_spans = sources.size(0)
        num_antecedents = min(self.max_antecedents, max(num_spans - 1, 0))
        positions = torch.arange(num_spans, device=sources.device)
        blocks = []
        for first, stop in row_bounds(num_spans, _ROWS_PER_CHUNK):
            # The first rows have fewer antecedents: columns that are none fill them up.
            num_columns = max(stop, num_antecedents)
            rows, columns = positions[first:stop].unsqueeze(1), positions[:num_columns]
            # Shape: (rows, columns)
            scores = sources[first:stop] @ targets[:num_columns].t()
            scores = scores + mention_scores[:num_columns]
            scores += distance_scores[(rows - columns).clamp(min=0)]
            scores = scores.masked_fill(columns >= rows, float("-inf"))
            blocks.append(scores.topk(num_antecedents, dim=1).indices)
        if not blocks:
            return positions.new_zeros(0, 0)
        return torch.cat(blocks)

    def _products(self, sources: Tensor, targets: Tensor, indices: Tensor) -> Tensor:
        """`(W g_i + b) . g_j` of the chosen pairs. Shape: (num_spans, num_antecedents)"""
        num_spans, num_antecedents = indices.shape
        if indices.numel() == 0:
            return sources.new_zeros(num_spans, num_antecedents)
        bounds = row_bounds(num_spans, _PAIRS_PER_CHUNK // num_antecedents)

        def product(source: Tensor, chosen: Tensor) -> Tensor:
            # Shape: (rows, num_antecedents, span_dim)
            target = targets.index_select(0, chosen.flatten()).view(*chosen.shape, -1)
            # Shape: (rows, num_antecedents)
            return torch.einsum("rs,ras->ra", source, target)

        chunks = zip(
            overlapping_slices(sources, bounds), (indices[a:b] for a, b in bounds), strict=True
        )
        return run_chunks(product, chunks, num_spans)
