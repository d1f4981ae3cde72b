"""Light antecedent scores: a bilinear form of the ends of two spans, and a score a feature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.blocks import best_products, products_with
from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.antecedents.pair_scorer import PairScorer
from spanbert_allen.modules.coref.antecedents.pair_scores import PairScores
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, AntecedentScorer
from spanbert_allen.modules.coref.mentions.representation import (
    SpanRepresentation,
    attended_units,
    span_attention,
)
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import LIGHT_HIDDEN_DIM, ScorerSettings
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.unit_projection import UnitProjection


@AntecedentScorer.register("spanbert_bilinear_links")
class BilinearAntecedents(AntecedentScorer):
    """
    Score pairs of spans by their first and last units.

    `s(i, j) = m_i + m_j + (B g_i + b) . g_j / sqrt(|g|) + features`, where `g = [s ; e]` holds the
    projection of a span's first unit as a start and that of its last unit as an end.

    This is the four bilinear forms of Kirstain et al. (2021), "Coreference Resolution without Span
    Representations", section 3 (start with start, start with end, ...), written as one, so that a
    refinement has span vectors to work on. Two things are ours: the scores of features, and the
    division by the root of `g`'s width, as in attention, without which the scores of an untrained
    model are some 20 large.

    With `head_word`, `g` has a third part: the projection of the span's units weighted by attention
    (Lee et al. 2017, "End-to-end Neural Coreference Resolution", section 4). Only top spans have
    it, so that it costs little. It is for small encoders and little data, which do not bring what a
    span is about to its ends.

    Every span before is compared, in row blocks of the lower triangle; the best remain. With
    `fine_dim`, these have `FFN([q_i ; q_j ; q_i * q_j ; features])` added to their scores, where
    `q` is a projection of `g`: the fine score of `PairScorer` at a fraction of its width. Here the
    features of a pair tell with what its spans are, such as whether two times "I" are said by one
    speaker, for which the sum above has no term.

    # Parameters

    dim : `int`
        The width of a unit vector.
    settings : `ScorerSettings`
        Read are `max_antecedents`, `features`, `num_genres`, `max_segments`, `hidden_dim` (1024 if
        not set: the width of a projection, of which a span vector has two or three) and `dropout`.
    head_word : `bool`, optional (default = `False`)
        Whether a span vector has a part for the span's head word.
    fine_dim : `int`, optional (default = `None`)
        The width of `q` and of the network's hidden layer. `None` is no fine score.
    """

    uses_spans: ClassVar[bool] = False
    reads: ClassVar[Sequence[str]] = (
        "max_antecedents",
        "features",
        "num_genres",
        "max_segments",
        "hidden_dim",
        "dropout",
    )

    def __init__(
        self,
        dim: int,
        settings: ScorerSettings,
        *,
        head_word: bool = False,
        fine_dim: int | None = None,
    ):
        super().__init__()
        hidden_dim = settings.hidden_dim or LIGHT_HIDDEN_DIM
        self.span_dim = (3 if head_word else 2) * hidden_dim
        self.max_antecedents = settings.max_antecedents
        self.start_projection = UnitProjection(dim, hidden_dim, settings.dropout)
        self.end_projection = UnitProjection(dim, hidden_dim, settings.dropout)
        self.token_scorer: nn.Linear | None = None
        self.head_projection: UnitProjection | None = None
        if head_word:
            # A softmax does not change with a bias.
            self.token_scorer = nn.Linear(dim, 1, bias=False)
            self.head_projection = UnitProjection(dim, hidden_dim, settings.dropout)
        self.bilinear = nn.Linear(self.span_dim, self.span_dim)
        self.pair_scores = PairScores(
            settings.features, num_genres=settings.num_genres, max_segments=settings.max_segments
        )
        self.fine_projection: UnitProjection | None = None
        self.fine_scorer: PairScorer | None = None
        if fine_dim is not None:
            # Span vectors have been through dropout already.
            self.fine_projection = UnitProjection(self.span_dim, fine_dim, dropout=0.0)
            read = {name: getattr(settings, name) for name in self.reads}
            own = ScorerSettings(**{**read, "hidden_dim": fine_dim})
            self.fine_scorer = PairScorer.of(fine_dim, own)

    def represent(
        self, vectors: Tensor, top_spans: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        # Shape: (num_spans, hidden_dim)
        starts = self.start_projection(vectors[top_spans.starts])
        ends = self.end_projection(vectors[top_spans.ends])
        parts = [starts, ends]
        if self.token_scorer is not None and self.head_projection is not None:
            scores = at_least_float32(self.token_scorer(vectors)).squeeze(-1)
            heads = attended_units(vectors, scores, top_spans, span_attention)
            parts.append(self.head_projection(heads))
        # Shape: (num_spans, span_dim)
        return torch.cat(parts, dim=-1)

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        known = mention_scores.detach()

        def rank(products: Tensor, first: int, stop: int) -> Tensor:
            scores = self.pair_scores.block(first, stop, products.size(1), context)
            return scores.to(known.dtype).add_(products).add_(known[: products.size(1)])

        # Shape: (num_spans, num_antecedents)
        indices, products = best_products(self.sources(spans), spans, self.max_antecedents, rank)
        products = at_least_float32(products)
        rows = torch.arange(spans.size(0), device=spans.device).unsqueeze(1).expand_as(indices)
        valid = indices < rows
        scores = products + mention_scores.unsqueeze(1) + mention_scores[indices]
        scores = scores + self.pair_scores(rows, indices, context)
        return Antecedents(indices, valid, scores.masked_fill(~valid, float("-inf")), products)

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        if refined:
            assert antecedents.products is not None
            products = products_with(self.sources(spans), spans, antecedents.indices)
            scores = antecedents.scores - antecedents.products + at_least_float32(products)
            antecedents = antecedents._replace(scores=scores)
        if self.fine_projection is None or self.fine_scorer is None:
            return antecedents.scores
        fine: Tensor = self.fine_scorer(self.fine_projection(spans), antecedents, context)
        return fine

    def sources(self, spans: Tensor) -> Tensor:
        """Return `(B g + b) / sqrt(|g|)` of each span. Shape: (num_spans, span_dim)."""
        sources: Tensor = self.bilinear(spans) / math.sqrt(self.span_dim)
        return sources
