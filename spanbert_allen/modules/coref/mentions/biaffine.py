"""Light mention scores: of the ends of a span alone."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.layers.chunking import overlapping_slices, row_bounds
from spanbert_allen.modules.layers.fast_linear import linear
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.unit_projection import UnitProjection

# The square of a chunk is bounded, too: where few units may begin a span, candidates lie far apart.
_CANDIDATES_PER_CHUNK = 2048
_UNITS_PER_CHUNK = 1024


@MentionScorer.register("spanbert_biaffine_mentions")
class BiaffineMentions(MentionScorer):
    """
    `m(i, j) = v_s . s_i + v_e . e_j + s_i^T B e_j / sqrt(h) + u_(j-i)`: the mention score of
    Kirstain et al. (2021), section 3, where `s` and `e`, `h` wide, are projections of the units as
    starts and as ends. Theirs is a matrix of all pairs of units; here only candidates are scored,
    in memory bounded by a chunk. Two things are ours: the width's score `u`, and the square root,
    as in attention: without it a new model's scores are some 20 large, and so is every step.

    # Parameters

    dim : `int`
        The width of a unit vector.
    max_span_width : `int`
        In units.
    hidden_dim : `int`, optional (default = `1024`)
        The width of the projections.
    dropout : `float`, optional (default = `0.3`)
        On the projections.
    width_prior : `bool`, optional (default = `True`)
        Whether there is a score for each width.
    """

    uses_spans: ClassVar[bool] = False

    def __init__(
        self,
        dim: int,
        max_span_width: int,
        *,
        hidden_dim: int = 1024,
        dropout: float = 0.3,
        width_prior: bool = True,
    ):
        super().__init__()
        self.start_projection = UnitProjection(dim, hidden_dim, dropout)
        self.end_projection = UnitProjection(dim, hidden_dim, dropout)
        self.start_scorer = nn.Linear(hidden_dim, 1)
        self.end_scorer = nn.Linear(hidden_dim, 1, bias=False)
        self.bilinear = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.width_scores = nn.Embedding(max_span_width, 1) if width_prior else None

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
            scores = scores + width_scores[candidates.ends - candidates.starts]
        return scores


def _band_products(starts: Tensor, ends: Tensor, candidates: SpanCandidates) -> Tensor:
    """
    The product of each candidate's first unit's row of `starts` and last unit's row of `ends`.
    Candidates are no wider than a sentence, so that a chunk of them is a small square of units.

    # Parameters

    starts, ends : `Tensor`
        Shape: (num_units, hidden_dim)
    candidates : `SpanCandidates`
        Sorted by start.

    # Returns

    `Tensor`
        Shape: (num_candidates,)
    """
    chunks = [
        SpanCandidates(candidates.starts[a:b], candidates.ends[a:b])
        for a, b in _chunk_bounds(candidates.starts)
    ]
    firsts = [int(chunk.starts[0]) for chunk in chunks]
    start_bounds = [
        (first, int(chunk.starts[-1]) + 1) for first, chunk in zip(firsts, chunks, strict=True)
    ]
    end_bounds = [
        (first, int(chunk.ends.max()) + 1) for first, chunk in zip(firsts, chunks, strict=True)
    ]
    products = []
    for chunk, first, start_rows, end_rows in zip(
        chunks,
        firsts,
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


def _chunk_bounds(starts: Tensor) -> list[tuple[int, int]]:
    """The candidates of each chunk, of which `starts`, of shape (num_candidates,), never falls."""
    edges = [first for first, _ in row_bounds(starts.size(0), _CANDIDATES_PER_CHUNK)]
    # Shape: (num_stretches,)
    stretches = torch.arange(0, int(starts[-1]) + 1, _UNITS_PER_CHUNK, device=starts.device)
    edges += torch.searchsorted(starts, stretches).tolist()
    return list(pairwise(sorted({*edges, starts.size(0)})))
