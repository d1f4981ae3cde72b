"""The full score of a span and one of its few candidate antecedents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.pair_features import PairFeatures, SpanContext
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents
from spanbert_allen.modules.coref.settings import PUBLISHED_HIDDEN_DIM, ScorerSettings
from spanbert_allen.modules.layers.chunking import (
    overlapping_slices,
    row_bounds,
    rows_at_once,
    run_chunks,
)
from spanbert_allen.modules.layers.fast_linear import linear
from spanbert_allen.modules.layers.feedforward_scorer import FeedForwardScorer
from spanbert_allen.modules.layers.precision import to_matmul_dtype

_PAIRS_PER_CHUNK = 2048


class PairScorer(nn.Module):
    """
    Add the score of a feed-forward network to the coarse score of a pair.

    `s(i, j) = c(i, j) + FFN([g_i ; g_j ; g_i * g_j ; features])` (Lee et al. 2018, section 4).

    The first layer's products with `g_i` and `g_j` are made once for each span; a pair costs only
    the product with `g_i * g_j` and its features. Pairs go in chunks; invalid ones are left out.

    # Parameters

    span_dim : `int`
        The width of a span vector.
    features : `PairFeatures`
        The features of a pair.
    hidden_dim, num_layers, dropout
        See `FeedForwardScorer`.
    """

    def __init__(
        self,
        span_dim: int,
        features: PairFeatures,
        *,
        hidden_dim: int = 3000,
        num_layers: int = 1,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.features = features
        self.feedforward = FeedForwardScorer(
            (span_dim, span_dim, span_dim, features.output_dim),
            hidden_dim=hidden_dim,
            num_layers=num_layers,
            dropout=dropout,
        )

    @classmethod
    def of(cls, span_dim: int, settings: ScorerSettings) -> PairScorer:
        """Return a new network for pairs of vectors of a width."""
        features = PairFeatures(
            settings.features,
            feature_size=settings.feature_size,
            num_genres=settings.num_genres,
            max_segments=settings.max_segments,
            dropout=settings.dropout_of_inputs,
        )
        return cls(
            span_dim,
            features,
            hidden_dim=settings.hidden_dim or PUBLISHED_HIDDEN_DIM,
            num_layers=settings.num_layers,
            dropout=settings.dropout,
        )

    def forward(self, spans: Tensor, antecedents: Antecedents, context: SpanContext) -> Tensor:
        """
        Return the scores of spans with their candidate antecedents.

        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim). Their vectors, refined or not.
        antecedents : `Antecedents`
        context : `SpanContext`

        # Returns

        `Tensor`
            Shape: (num_spans, num_antecedents). Minus infinity where there is no antecedent.
        """
        num_spans, num_antecedents = antecedents.indices.shape
        kept = _scored_pairs(antecedents)
        if not (kept.any() if kept.device.type == "cpu" else kept.numel()):
            return antecedents.scores
        spans = to_matmul_dtype(spans)
        own_weights, other_weights, product_weights, feature_weights = map(
            to_matmul_dtype, self.feedforward.blocks()
        )
        bias = to_matmul_dtype(self.feedforward.first.bias)
        # Shape: (num_spans, hidden_dim)
        other_products = linear(spans, other_weights)
        # A pair has the product of two vectors, its features and the hidden layers.
        row_size = self.feedforward.first.in_features + 2 * self.feedforward.first.out_features
        pairs = rows_at_once(_PAIRS_PER_CHUNK, spans.device, row_size=row_size, most=kept.numel())
        bounds = row_bounds(num_spans, pairs // num_antecedents)

        def score(first: int, indices: Tensor, valid: Tensor, own_vectors: Tensor) -> Tensor:
            # Shape: (rows, hidden_dim)
            own_products = linear(own_vectors, own_weights, bias)
            # Shape: (num_pairs,)
            rows, columns = _rows_and_columns(indices, valid)
            # Shape: (num_pairs, span_dim)
            vectors = spans.index_select(0, columns)
            vectors = _with_own(torch.mul, vectors, own_vectors, valid)
            # In place: three large sums without a fourth and fifth block of memory.
            # Shape: (num_pairs, hidden_dim)
            pre_activation = linear(vectors, product_weights)
            pre_activation = _with_own(Tensor.add_, pre_activation, own_products, valid)
            pre_activation += other_products.index_select(0, columns)
            if self.features.output_dim:
                features = self.features(rows + first, columns, context)
                pre_activation += linear(features, feature_weights)
            # Shape: (num_pairs,)
            return self.feedforward.finish(pre_activation)

        num_pairs = int(kept.sum()) if kept.device.type == "cpu" else kept.numel()
        chunks = _chunks(spans, antecedents._replace(valid=kept), bounds)
        # Shape: (num_pairs,)
        pair_scores = run_chunks(
            score, chunks, num_pairs, row_size=self.feedforward.first.out_features
        )
        # Shape: (num_spans, num_antecedents)
        pair_scores = pair_scores.to(antecedents.scores.dtype)
        nothing = torch.zeros_like(antecedents.scores)
        if num_pairs == kept.numel():
            pair_scores = pair_scores.view(kept.shape)
            return antecedents.scores + torch.where(antecedents.valid, pair_scores, nothing)
        return antecedents.scores + nothing.masked_scatter(kept, pair_scores)


def _scored_pairs(antecedents: Antecedents) -> Tensor:
    """
    Return which pairs to score.

    On the CPU they are the valid ones. A GPU scores the few others too: to leave them out, the CPU
    would have to wait for their number. Shape: (num_spans, num_antecedents), boolean
    """
    if antecedents.valid.device.type == "cpu":
        return antecedents.valid
    return torch.ones_like(antecedents.valid)


def _rows_and_columns(indices: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row and the antecedent of each pair. Shape of each: (num_pairs,)."""
    if valid.device.type == "cpu":
        return valid.nonzero()[:, 0], indices[valid]
    rows = torch.arange(len(indices), device=indices.device).unsqueeze(1)
    return rows.expand_as(indices).flatten(), indices.flatten()


def _chunks(
    spans: Tensor, antecedents: Antecedents, bounds: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, Tensor, Tensor, Tensor]]:
    """Yield some spans at a time: the first, their candidates, which are valid, their vectors."""
    for (first, stop), own in zip(bounds, overlapping_slices(spans, bounds), strict=True):
        yield first, antecedents.indices[first:stop], antecedents.valid[first:stop], own


def _with_own(
    combine: Callable[[Tensor, Tensor], Tensor], pairs: Tensor, own: Tensor, valid: Tensor
) -> Tensor:
    """
    Combine the row of each pair with the row of its span.

    Where all entries are valid, as for all spans but the first, the span's row is not copied for
    each pair.

    # Parameters

    combine : `Callable`
        Of two tensors that broadcast; it may write into the first.
    pairs : `Tensor`
        Shape: (num_pairs, dim)
    own : `Tensor`
        Shape: (num_spans, dim)
    valid : `Tensor`
        Shape: (num_spans, num_antecedents). The true ones are the pairs.

    # Returns

    `Tensor`
        Shape: (num_pairs, dim)
    """
    if pairs.size(0) == valid.numel():
        return combine(pairs.view(*valid.shape, -1), own.unsqueeze(1)).flatten(0, 1)
    return combine(pairs, own.index_select(0, valid.nonzero()[:, 0]))
