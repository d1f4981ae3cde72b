"""Light mention scores, from the ends of a span alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import LIGHT_HIDDEN_DIM, ScorerSettings
from spanbert_allen.modules.layers.chunking import overlapping_slices
from spanbert_allen.modules.layers.fast_linear import linear
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.unit_projection import UnitProjection

# The square of a chunk is bounded as well: where few units may begin a span, candidates lie far
# apart.
_CANDIDATES_PER_CHUNK = 2048
_UNITS_PER_CHUNK = 1024


@MentionScorer.register("spanbert_biaffine_mentions")
class BiaffineMentions(MentionScorer):
    """
    Score a span by its first and last unit.

    `m(i, j) = v_s . s_i + v_e . e_j + s_i^T B e_j / sqrt(h) + u_(j-i)`, where `s` and `e`, `h`
    wide, are projections of the units as starts and as ends.

    This is the mention score of Kirstain et al. (2021), "Coreference Resolution without Span
    Representations", section 3. They score all pairs of units; here only candidates are scored, in
    memory bounded by a chunk. Two things are ours: the score `u` of the width, and the square root,
    as in attention, without which the scores of an untrained model, and so its first steps, are
    some 20 large.

    # Parameters

    dim : `int`
        The width of a unit vector.
    settings : `ScorerSettings`
        Read are `max_span_width`, `hidden_dim` (1024 if not set: the width of the projections),
        `dropout` and `width_prior` (whether there is a `u`).
    """

    uses_spans: ClassVar[bool] = False
    reads: ClassVar[Sequence[str]] = ("hidden_dim", "dropout", "width_prior")

    def __init__(self, dim: int, settings: ScorerSettings):
        super().__init__()
        hidden_dim = settings.hidden_dim or LIGHT_HIDDEN_DIM
        self.start_projection = UnitProjection(dim, hidden_dim, settings.dropout)
        self.end_projection = UnitProjection(dim, hidden_dim, settings.dropout)
        self.start_scorer = nn.Linear(hidden_dim, 1)
        self.end_scorer = nn.Linear(hidden_dim, 1, bias=False)
        self.bilinear = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.width_scores: nn.Embedding | None = None
        if settings.width_prior:
            self.width_scores = nn.Embedding(settings.max_span_width, 1)

    def forward(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        # Shape: (num_units, hidden_dim)
        starts = self.start_projection(vectors)
        ends = self.end_projection(vectors)
        # Shape: (num_units,)
        start_scores = at_least_float32(self.start_scorer(starts)).squeeze(-1)
        end_scores = at_least_float32(self.end_scorer(ends)).squeeze(-1)
        # Shape: (num_candidates,)
        scores = at_least_float32(_band_products(starts, self.bilinear(ends), candidates))
        scores = scores / math.sqrt(starts.size(1))
        scores = scores + start_scores[candidates.starts] + end_scores[candidates.ends]
        if self.width_scores is not None:
            width_scores = self.width_scores.weight.squeeze(-1)
            scores = scores + width_scores[candidates.widths(len(width_scores))]
        return scores


def _band_products(starts: Tensor, ends: Tensor, candidates: SpanCandidates) -> Tensor:
    """
    Multiply each candidate's row of `starts` with its row of `ends`.

    They are those of its first and of its last unit. Candidates stay inside a sentence, so that a
    chunk of them is a small square of units.

    # Parameters

    starts, ends : `Tensor`
        Shape: (num_units, hidden_dim)
    candidates : `SpanCandidates`
        Sorted by start.

    # Returns

    `Tensor`
        Shape: (num_candidates,)
    """
    chunks = candidates.parts(_CANDIDATES_PER_CHUNK, units=_UNITS_PER_CHUNK)
    end_bounds = [chunk.reach() for chunk in chunks]
    start_bounds = [
        (first, int(chunk.on_cpu.starts[-1]) + 1)
        for (first, _), chunk in zip(end_bounds, chunks, strict=True)
    ]
    products = []
    for chunk, (first, _), start_rows, end_rows in zip(
        chunks,
        start_bounds,
        overlapping_slices(starts, start_bounds),
        overlapping_slices(ends, end_bounds),
        strict=True,
    ):
        # Shape: (units that start, units that end)
        square = linear(start_rows, end_rows)
        places = (chunk.starts - first) * square.size(1) + (chunk.ends - first)
        # Shape: (num_candidates in the chunk,)
        products.append(square.flatten()[places])
    return torch.cat(products)
