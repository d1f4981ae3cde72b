"""Light link scores: one bilinear form of the ends of two spans, and a score for each feature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.blocks import best_products, products_with
from spanbert_allen.modules.coref.antecedents.pair_features import FEATURES, SpanContext
from spanbert_allen.modules.coref.antecedents.pair_scores import PairScores
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, LinkScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.unit_projection import UnitProjection


@LinkScorer.register("spanbert_bilinear_links")
class BilinearLinks(LinkScorer):
    """
    `s(i, j) = m_i + m_j + (B g_i + b) . g_j / sqrt(|g|) + features`, where `g = [s ; e]` is the
    projections of a span's first unit as a start and of its last as an end: the four bilinear forms
    of Kirstain et al. (2021), section 3 (start with start, start with end, ...), as one, and so
    that a refinement has span vectors to work on. The scores of features are ours: theirs has none;
    and so is the root of `g`'s width, as in attention: a new model's scores were some 20 large.

    Every span before is a candidate, scored in row blocks of the lower triangle; the best are kept.

    # Parameters

    dim : `int`
        The width of a unit vector.
    max_antecedents : `int`, optional (default = `50`)
    features, num_genres, max_segments
        See `PairScores`.
    hidden_dim : `int`, optional (default = `1024`)
        The width of the projections; a span vector has two of them.
    dropout : `float`, optional (default = `0.3`)
        On the projections.
    """

    uses_spans: ClassVar[bool] = False

    def __init__(
        self,
        dim: int,
        *,
        max_antecedents: int = 50,
        features: Sequence[str] = FEATURES,
        num_genres: int = 7,
        max_segments: int = 3,
        hidden_dim: int = 1024,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.span_dim = 2 * hidden_dim
        self.max_antecedents = max_antecedents
        self.start_projection = UnitProjection(dim, hidden_dim, dropout)
        self.end_projection = UnitProjection(dim, hidden_dim, dropout)
        self.bilinear = nn.Linear(self.span_dim, self.span_dim)
        self.pair_scores = PairScores(features, num_genres=num_genres, max_segments=max_segments)

    def represent(
        self, vectors: Tensor, kept: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        starts = self.start_projection(vectors[kept.starts])
        return torch.cat([starts, self.end_projection(vectors[kept.ends])], dim=-1)

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        known = mention_scores.detach()

        def rank(products: Tensor, first: int, stop: int) -> Tensor:
            scores = self.pair_scores.block(first, stop, products.size(1), context)
            return scores.to(known.dtype).add_(products).add_(known[: products.size(1)])

        # Shape: (num_spans, num_antecedents)
        indices, products = best_products(self._sources(spans), spans, self.max_antecedents, rank)
        products = at_least_float32(products)
        rows = torch.arange(spans.size(0), device=spans.device).unsqueeze(1).expand_as(indices)
        valid = indices < rows
        scores = products + mention_scores.unsqueeze(1) + mention_scores[indices]
        scores = scores + self.pair_scores(rows, indices, context)
        return Antecedents(indices, valid, scores.masked_fill(~valid, float("-inf")), products)

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        if not refined:
            return antecedents.scores
        assert antecedents.products is not None
        products = products_with(self._sources(spans), spans, antecedents.indices)
        return antecedents.scores - antecedents.products + at_least_float32(products)

    def _sources(self, spans: Tensor) -> Tensor:
        """What a span's products with others are made of. Shape: (num_spans, span_dim)"""
        sources: Tensor = self.bilinear(spans) / math.sqrt(self.span_dim)
        return sources
