"""Products of pairs of spans, made in blocks of rows, of which only the best remain."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from spanbert_allen.modules.layers.chunking import overlapping_slices, row_bounds, rows_at_once
from spanbert_allen.modules.layers.fast_linear import linear

_ROWS_PER_CHUNK = 256


def best_products(
    sources: Tensor,
    targets: Tensor,
    max_antecedents: int,
    rank: Callable[[Tensor, int, int], Tensor],
) -> tuple[Tensor, Tensor]:
    """
    Return the best antecedents of each span, and its products with theirs.

    Blocks of the lower triangle are made one after the other; gradients need only what the products
    are made of.

    # Parameters

    sources, targets : `Tensor`
        Shape: (num_spans, dim)
    max_antecedents : `int`
        How many to choose for each span.
    rank : `Callable[[Tensor, int, int], Tensor]`
        `rank(products, first, stop)` gives the scores that the antecedents of the spans from
        `first` to before `stop` are chosen by, from their products with all spans that may come
        before. Scores of spans that do not come before are ignored. Shapes: (stop - first, columns)
        to the same

    # Returns

    `tuple[Tensor, Tensor]`
        Indices of antecedents, and products. Rows with fewer antecedents are filled up with spans
        that do not precede them. Shape of each: (num_spans, min(max_antecedents, num_spans - 1))
    """
    num_spans = sources.size(0)
    num_antecedents = min(max_antecedents, max(num_spans - 1, 0))
    # Shape: (num_spans,)
    positions = torch.arange(num_spans, device=sources.device)
    bounds = _bounds(num_spans, sources)
    # The first rows have fewer antecedents: columns that are none fill them up.
    column_bounds = [(0, max(stop, num_antecedents)) for _, stop in bounds]
    indices, chosen = [], []
    for (first, stop), own, others in zip(
        bounds,
        overlapping_slices(sources, bounds),
        overlapping_slices(targets, column_bounds),
        strict=True,
    ):
        # Shape: (rows, columns)
        products = linear(own, others)
        with torch.no_grad():
            scores = rank(products.detach(), first, stop)
            # Only from the column `first` on there are spans that do not come before.
            after = positions[first : scores.size(1)] >= positions[first:stop].unsqueeze(1)
            scores[:, first:].masked_fill_(after, float("-inf"))
            best = scores.topk(num_antecedents, dim=1).indices
        indices.append(best)
        chosen.append(products.gather(1, best))
    if not bounds:
        return positions.new_zeros(0, 0), sources.new_zeros(0, 0)
    return torch.cat(indices), torch.cat(chosen)


def products_with(sources: Tensor, targets: Tensor, indices: Tensor) -> Tensor:
    """
    Return the products of each span with given spans before it.

    # Parameters

    sources, targets : `Tensor`
        Shape: (num_spans, dim)
    indices : `Tensor`
        Shape: (num_spans, num_antecedents). As `best_products` gives them.

    # Returns

    `Tensor`
        Shape: (num_spans, num_antecedents)
    """
    bounds = _bounds(indices.size(0), sources)
    column_bounds = [(0, max(stop, indices.size(1))) for _, stop in bounds]
    products = [
        linear(own, others).gather(1, indices[first:stop])
        for (first, stop), own, others in zip(
            bounds,
            overlapping_slices(sources, bounds),
            overlapping_slices(targets, column_bounds),
            strict=True,
        )
    ]
    return torch.cat(products) if products else sources.new_zeros(indices.shape)


def _bounds(num_spans: int, like: Tensor) -> list[tuple[int, int]]:
    """Return the blocks of rows. A row has products, scores and marks of all columns."""
    rows = rows_at_once(_ROWS_PER_CHUNK, like.device, row_size=4 * num_spans, most=num_spans)
    return row_bounds(num_spans, rows)


def by_distance(scores: Tensor, first: int, stop: int, num_columns: int) -> Tensor:
    """
    Return the scores of distances as a block of rows.

    Row i, column j has the score of the distance i - j, or that of 0 where j does not come before
    i.

    # Parameters

    scores : `Tensor`
        Shape: (num_spans,). The score of each distance, from 0.
    first, stop : `int`
        The spans that the rows are.
    num_columns : `int`

    # Returns

    `Tensor`
        A new one. Shape: (stop - first, num_columns)
    """
    # Shape: (stop - first + num_columns - 1,). Distances fall along a row and rise along a column:
    # the last row begins this, and each before it begins one further.
    distances = torch.arange(stop - 1, first - num_columns, -1, device=scores.device)
    falling = scores[distances.clamp(min=0)]
    return falling.unfold(0, num_columns, 1).flip(0)
