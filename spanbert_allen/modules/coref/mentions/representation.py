"""The vector of a span, from its ends, its width and its units weighted by attention."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.layers.chunking import overlapping_slices, rows_at_once
from spanbert_allen.modules.layers.precision import at_least_float32

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Gets scores of units, and starts and ends of spans; returns weights, as `span_attention`."""

_SPANS_PER_CHUNK = 128
_UNITS_PER_SPAN = 8  # of a chunk: given mentions may lie far apart
_ADDED_TO_SUMS = 1e-13  # AllenNLP's `tiny_value_of_dtype` of single precision


def span_attention(
    token_scores: Tensor, starts: Tensor, ends: Tensor, *, zero_filled_to: int | None = None
) -> Tensor:
    """
    Return a softmax of token scores inside each span, with zero outside.

    AllenNLP fills up shorter spans with scores of 0, takes the softmax, drops what it filled in and
    divides by the sum of the rest plus 1e-13. So a share of each span's attention is lost, which is
    next to nothing unless all scores inside are far below 0.

    # Parameters

    token_scores : `Tensor`
        Shape: (num_units,)
    starts, ends : `Tensor`
        Unit indices, ends inside. Shape: (num_spans,)
    zero_filled_to : `int`, optional (default = `None`)
        Do as AllenNLP does, with spans filled up to so many units. (There it is the width of the
        widest candidate of the batch: nearly always the widest there may be.)

    # Returns

    `Tensor`
        Shape: (num_spans, num_units)
    """
    # Shape: (num_units,)
    positions = torch.arange(token_scores.size(0), device=token_scores.device)
    # Shape: (num_spans, num_units)
    inside = (positions >= starts.unsqueeze(1)) & (positions <= ends.unsqueeze(1))
    scores = token_scores.masked_fill(~inside, float("-inf"))
    if zero_filled_to is None:
        return scores.softmax(dim=-1)
    # Shape: (num_spans, 1)
    num_filled = (zero_filled_to - (ends - starts + 1)).clamp(min=0).unsqueeze(1).to(scores.dtype)
    log_total = torch.logaddexp(scores.logsumexp(dim=-1, keepdim=True), num_filled.log())
    # The lost share takes part in the softmax as one more unit.
    lost = log_total + math.log(_ADDED_TO_SUMS)
    # Shape: (num_spans, num_units)
    return torch.cat([scores, lost], dim=-1).softmax(dim=-1)[:, :-1]


def attended_units(
    vectors: Tensor, token_scores: Tensor, spans: SpanCandidates, attention: Attention
) -> Tensor:
    """
    Return the units of each span weighted by attention.

    # Parameters

    vectors : `Tensor`
        Shape: (num_units, dim)
    token_scores : `Tensor`
        The attention score of each unit. Shape: (num_units,)
    spans : `SpanCandidates`
        Sorted by start, so that a chunk of spans covers a short stretch of units.
    attention : `Attention`
        `span_attention`, or the same with other settings.

    # Returns

    `Tensor`
        Shape: (num_spans, dim)
    """
    if spans.starts.numel() == 0:
        return vectors[:0]
    # The units that a chunk looks at grow with its spans.
    rows = rows_at_once(
        _SPANS_PER_CHUNK,
        vectors.device,
        row_size=2 * vectors.size(1),
        most=16 * _SPANS_PER_CHUNK,
    )
    chunks = spans.parts(rows, units=_UNITS_PER_SPAN * rows)
    bounds = [chunk.reach() for chunk in chunks]
    heads = []
    for (starts, ends), (first, _), units, scores in zip(
        chunks,
        bounds,
        overlapping_slices(vectors, bounds),
        overlapping_slices(token_scores, bounds),
        strict=True,
    ):
        # Shape: (num_spans in the chunk, dim)
        heads.append(attention(scores, starts - first, ends - first) @ units)
    return torch.cat(heads)


class SpanRepresentation(nn.Module):
    """
    Make span vectors of the ends, the width and the attended units of a span.

    `g(i, j) = [x_i ; x_j ; w_(j-i) ; h(i, j)]` as in Lee et al. (2017), "End-to-end Neural
    Coreference Resolution", section 4: `w` is a row of a table of widths, and `h` the sum of the
    unit vectors inside, weighted by a softmax over the span of one learnt score a unit.

    # Parameters

    dim : `int`
        The width of a unit vector.
    max_span_width : `int`
        In units.
    feature_size : `int`, optional (default = `20`)
        The width of a row of the width table.
    dropout : `float`, optional (default = `0.3`)
        On the looked-up width vectors, with a mask of its own for each span.
    zero_filled_attention : `bool`, optional (default = `False`)
        See `span_attention`.
    """

    def __init__(
        self,
        dim: int,
        max_span_width: int,
        *,
        feature_size: int = 20,
        dropout: float = 0.3,
        zero_filled_attention: bool = False,
    ):
        super().__init__()
        self.max_span_width = max_span_width
        self.zero_filled_attention = zero_filled_attention
        self.block_dims = (dim, dim, feature_size, dim)
        self.token_scorer = nn.Linear(dim, 1)
        self.width_embedding = nn.Embedding(max_span_width, feature_size)
        self.dropout = nn.Dropout(dropout)

    @property
    def span_dim(self) -> int:
        """Return the width of a span vector."""
        return sum(self.block_dims)

    def token_scores(self, vectors: Tensor) -> Tensor:
        """Return the attention score of each unit. Shapes: (num_units, dim) to (num_units,)."""
        return at_least_float32(self.token_scorer(vectors)).squeeze(-1)

    def attention(self, token_scores: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Return `span_attention` as the settings say. Shape: (num_spans, num_units)."""
        filled_to = self.max_span_width if self.zero_filled_attention else None
        return span_attention(token_scores, starts, ends, zero_filled_to=filled_to)

    def width_vectors(self, spans: SpanCandidates) -> Tensor:
        """Return the row of each span's width. Shape: (num_spans, feature_size)."""
        return self.dropout(self.width_embedding(spans.widths(self.max_span_width)))

    def forward(self, vectors: Tensor, spans: SpanCandidates) -> Tensor:
        """
        Return the vectors of chosen spans. Candidates are scored without ever having one.

        # Parameters

        vectors : `Tensor`
            Shape: (num_units, dim)
        spans : `SpanCandidates`
            Sorted by start, so that a chunk of spans covers a short stretch of units.

        # Returns

        `Tensor`
            Shape: (num_spans, span_dim)
        """
        # Shape: (num_spans, dim)
        heads = attended_units(vectors, self.token_scores(vectors), spans, self.attention)
        # Shape: (num_spans, span_dim)
        return torch.cat(
            [
                vectors[spans.starts],
                vectors[spans.ends],
                self.width_vectors(spans),
                heads,
            ],
            dim=-1,
        )
