"""Mention scores as published, from a feed-forward network on the span's vector."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import PUBLISHED_HIDDEN_DIM, ScorerSettings
from spanbert_allen.modules.layers.chunking import (
    overlapping_slices,
    rows_at_once,
    run_chunks,
)
from spanbert_allen.modules.layers.fast_linear import linear
from spanbert_allen.modules.layers.feedforward_scorer import FeedForwardScorer

# The products of a block's units are made once, and its candidates scored a chunk at a time.
_CANDIDATES_PER_BLOCK = 4096
_CANDIDATES_PER_CHUNK = 512
# Given mentions may lie far apart: the units of a block or chunk are bounded as well.
_UNITS_PER_CHUNK = 1024


@MentionScorer.register("spanbert_feedforward_mentions")
class FeedForwardMentions(MentionScorer):
    """
    Score a span by a feed-forward network on its vector.

    `m(i, j) = FFN(g(i, j)) + FFN_width(u_(j-i))`: the mention score of Lee et al. (2018),
    "Higher-order Coreference Resolution with Coarse-to-fine Inference", with the prior on widths of
    Joshi et al. (2019), "BERT for Coreference Resolution: Baselines and Analysis" (their program).

    No candidate's vector is ever built. The first layer is applied to the units before spans are
    formed: the product of a span's vector is the sum of the products of its start, its end, its
    width and its attention-weighted units. Candidates are scored in blocks and chunks.

    The dropout on width vectors draws a mask for each candidate, as the original does. The vectors
    of top spans (`SpanRepresentation`) draw masks of their own, where the original reuses these.

    # Parameters

    spans : `SpanRepresentation`
        What a span's vector is made of; its parameters are shared, not owned.
    settings : `ScorerSettings`
        Read are `hidden_dim` (3000 if not set), `num_layers`, `dropout`, `width_prior` and
        `feature_size`.
    prior_layers : `int`, optional (default = `1`)
        The number of hidden layers of the width prior's network. With an `ffnn_depth` above 1
        coref-hoi has as many there as in the other network.
    """

    uses_spans: ClassVar[bool] = True
    reads: ClassVar[Sequence[str]] = (
        "hidden_dim",
        "num_layers",
        "dropout",
        "width_prior",
        "feature_size",
    )

    def __init__(
        self, spans: SpanRepresentation, settings: ScorerSettings, *, prior_layers: int = 1
    ):
        super().__init__()
        hidden_dim = settings.hidden_dim or PUBLISHED_HIDDEN_DIM
        self.feedforward = FeedForwardScorer(
            spans.block_dims,
            hidden_dim=hidden_dim,
            num_layers=settings.num_layers,
            dropout=settings.dropout,
        )
        self.prior_embedding: nn.Embedding | None = None
        if settings.width_prior:
            self.prior_embedding = nn.Embedding(spans.max_span_width, settings.feature_size)
            self.prior_feedforward = FeedForwardScorer(
                (settings.feature_size,),
                hidden_dim=hidden_dim,
                num_layers=prior_layers,
                dropout=settings.dropout,
            )

    def forward(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        assert spans is not None
        scores = self._feedforward_scores(vectors, candidates, spans)
        if self.prior_embedding is not None:
            # Shape: (max_span_width,)
            prior = self.prior_feedforward(self.prior_embedding.weight)
            scores = scores + prior[candidates.widths(len(prior))]
        return scores

    def _feedforward_scores(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation
    ) -> Tensor:
        """Return the scores without the prior. Shape: (num_candidates,)."""
        num_candidates, hidden_dim = len(candidates.starts), self.feedforward.first.out_features
        at_once = partial(
            rows_at_once, device=vectors.device, row_size=3 * hidden_dim, most=num_candidates
        )
        blocks = candidates.parts(at_once(_CANDIDATES_PER_BLOCK), units=at_once(_UNITS_PER_CHUNK))
        bounds = [block.reach() for block in blocks]

        def score(block: SpanCandidates, first: int, units: Tensor) -> Tensor:
            return self._score_block(units, block.moved(-first), spans)

        firsts = (first for first, _ in bounds)
        chunks = zip(blocks, firsts, overlapping_slices(vectors, bounds), strict=True)
        return run_chunks(score, chunks, num_candidates, row_size=hidden_dim)

    def _score_block(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation
    ) -> Tensor:
        """
        Score candidates that stand in a short stretch of units.

        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        candidates : `SpanCandidates`
            Counted in these units.
        spans : `SpanRepresentation`
            Gives the attention within a candidate.

        # Returns

        `Tensor`
            Shape: (num_candidates,)
        """
        start_weights, end_weights, width_weights, head_weights = self.feedforward.blocks()
        # Shape: (num_units, hidden_dim)
        start_products = linear(vectors, start_weights)
        end_products = linear(vectors, end_weights)
        head_products = linear(vectors, head_weights)
        # Shape: (num_units,)
        token_scores = spans.token_scores(vectors)
        scores = []
        # The product that adds up the parts grows with the square of a chunk.
        rows = rows_at_once(
            _CANDIDATES_PER_CHUNK,
            vectors.device,
            row_size=3 * self.feedforward.first.out_features,
            most=8 * _CANDIDATES_PER_CHUNK,
        )
        for chunk in candidates.parts(rows, units=_UNITS_PER_CHUNK):
            starts, ends = chunk
            first, stop = chunk.reach()
            last_start = int(chunk.on_cpu.starts[-1]) + 1
            attention = spans.attention(token_scores[first:stop], starts - first, ends - first)
            # One product adds up the four parts of a candidate: start, end, attended units, width.
            # Shape: (num_chunk, num_parts) and (num_parts, hidden_dim)
            selection = [
                functional.one_hot(starts - first, last_start - first),
                functional.one_hot(ends - first, stop - first),
                attention,
                spans.width_vectors(chunk),
            ]
            parts = [
                start_products[first:last_start],
                end_products[first:stop],
                head_products[first:stop],
                width_weights.t().to(start_products.dtype),
            ]
            # Shape: (num_chunk, hidden_dim)
            pre_activation = linear(
                torch.cat([part.to(start_products.dtype) for part in selection], dim=-1),
                torch.cat(parts).t(),
                self.feedforward.first.bias,
            )
            scores.append(self.feedforward.finish(pre_activation))
        return torch.cat(scores)
