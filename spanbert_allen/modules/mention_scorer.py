"""How likely each candidate span is to be a mention."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from spanbert_allen.modules.chunking import overlapping_slices, run_chunks
from spanbert_allen.modules.feedforward_scorer import FeedForwardScorer
from spanbert_allen.modules.span_candidates import SpanCandidates
from spanbert_allen.modules.span_representation import SpanRepresentation, span_attention

_CANDIDATES_PER_CHUNK = 512


class MentionScorer(nn.Module):
    """
    `m(i, j) = FFN(g(i, j)) + FFN_width(u_(j-i))`, the mention score of Lee et al. (2018),
    "Higher-order Coreference Resolution with Coarse-to-fine Inference", with the prior on widths of
    Joshi et al. (2019), "BERT for Coreference Resolution: Baselines and Analysis" (their program).

    The first layer is applied to the units before spans are formed: the product of a span's vector
    is the sum of its start's, its end's, its width's and the attention-weighted sum of its units'
    products, so no candidate's vector is ever built. Candidates go in chunks.

    The width vectors' dropout draws a mask for each candidate, as the original does; the vectors
    of kept spans (`SpanRepresentation`) draw masks of their own, where the original reuses these.

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of; its parameters are shared, not owned.
    hidden_dim, num_layers, dropout :
        Of both feed-forward networks; see `FeedForwardScorer`.
    width_prior : `bool`, optional (default = `True`)
    feature_size : `int`, optional (default = `20`)
        The width of a row of the prior's table.
    """

    def __init__(
        self,
        spans: SpanRepresentation,
        *,
        hidden_dim: int = 3000,
        num_layers: int = 1,
        dropout: float = 0.3,
        width_prior: bool = True,
        feature_size: int = 20,
    ):
        super().__init__()
        self.feedforward = FeedForwardScorer(
            spans.block_dims, hidden_dim=hidden_dim, num_layers=num_layers, dropout=dropout
        )
        self.prior_embedding: nn.Embedding | None = None
        if width_prior:
            self.prior_embedding = nn.Embedding(spans.max_span_width, feature_size)
            self.prior_feedforward = FeedForwardScorer(
                (feature_size,), hidden_dim=hidden_dim, dropout=dropout
            )

    def forward(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation
    ) -> Tensor:
        """
        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        candidates : `SpanCandidates`
            Sorted by start.

        # Returns

        `Tensor`
            Shape: (num_candidates,)
        """
        if candidates.starts.numel() == 0:
            return vectors.new_zeros(0)
        scores = self._feedforward_scores(vectors, candidates, spans)
        if self.prior_embedding is not None:
            # Shape: (max_span_width,)
            prior = self.prior_feedforward(self.prior_embedding.weight)
            scores = scores + prior[candidates.ends - candidates.starts]
        return scores

    def _feedforward_scores(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation
    ) -> Tensor:
        """Shape: (num_candidates,)"""
        start_weights, end_weights, width_weights, head_weights = self.feedforward.blocks()
        cuts = [*range(0, len(candidates.starts), _CANDIDATES_PER_CHUNK), len(candidates.starts)]
        starts = [candidates.starts[a:b] for a, b in pairwise(cuts)]
        ends = [candidates.ends[a:b] for a, b in pairwise(cuts)]
        start_bounds = [(int(chunk[0]), int(chunk[-1]) + 1) for chunk in starts]
        unit_bounds = [
            (first, int(chunk.max()) + 1)
            for (first, _), chunk in zip(start_bounds, ends, strict=True)
        ]
        # Shape of each chunk: (units in the chunk, hidden_dim)
        start_products = overlapping_slices(vectors @ start_weights.t(), start_bounds)
        end_products = overlapping_slices(vectors @ end_weights.t(), unit_bounds)
        head_products = overlapping_slices(vectors @ head_weights.t(), unit_bounds)
        # Shape of each chunk: (units in the chunk,)
        token_scores = overlapping_slices(spans.token_scores(vectors), unit_bounds)

        def score(
            starts: Tensor,
            ends: Tensor,
            start_product: Tensor,
            end_product: Tensor,
            head_product: Tensor,
            token_score: Tensor,
        ) -> Tensor:
            first = starts[0]
            attention = span_attention(token_score, starts - first, ends - first)
            widths = spans.width_vectors(ends - starts)
            # One product adds a candidate's four parts. Shape: (candidates in the chunk, parts)
            selection = torch.cat(
                [
                    _one_hot(starts - first, start_product),
                    _one_hot(ends - first, end_product),
                    attention.to(start_product.dtype),
                    widths.to(start_product.dtype),
                ],
                dim=-1,
            )
            # Shape: (parts, hidden_dim)
            parts = torch.cat(
                [
                    start_product,
                    end_product,
                    head_product,
                    width_weights.t().to(start_product.dtype),
                ]
            )
            # Shape: (candidates in the chunk, hidden_dim)
            pre_activation = torch.addmm(self.feedforward.first.bias, selection, parts)
            return self.feedforward.finish(pre_activation)

        chunks = zip(
            starts, ends, start_products, end_products, head_products, token_scores, strict=True
        )
        return torch.cat(run_chunks(score, chunks))


def _one_hot(indices: Tensor, rows: Tensor) -> Tensor:
    """Shape: (num_indices, num_rows), in the rows' type."""
    one_hot = rows.new_zeros(indices.size(0), rows.size(0))
    return one_hot.scatter_(1, indices.unsqueeze(1), 1.0)
