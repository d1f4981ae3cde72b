"""Products of pairs of spans, made in blocks of rows, of which only the best remain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from spanbert_allen.modules.layers.chunking import overlapping_slices, row_bounds, rows_at_once
from spanbert_allen.modules.layers.fast_linear import linear
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.transfers import to_device

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
    num_antecedents = _num_antecedents(sources, max_antecedents)
    indices, chosen = [], []
    for first, stop, (products,) in _blocks([(sources, targets)], num_antecedents):
        with torch.no_grad():
            scores = rank(products.detach(), first, stop)
            best = _best_before(scores, first, stop, num_antecedents)
        indices.append(best)
        chosen.append(products.gather(1, best))
    if not indices:
        return _no_indices(sources), sources.new_zeros(0, 0)
    return torch.cat(indices), torch.cat(chosen)


def best_products_by_category(
    forms: Sequence[tuple[Tensor, Tensor]],
    categories: Callable[[int, int, int], Tensor],
    max_antecedents: int,
    rank: Callable[[Tensor, int, int], Tensor],
) -> tuple[Tensor, Tensor, Tensor]:
    """
    Do as `best_products` where a pair has a second product, which its category selects.

    # Parameters

    forms : `Sequence[tuple[Tensor, Tensor]]`
        The sources and targets of the products that all pairs have, then those of the products of
        each category. Shape of each: (num_spans, dim)
    categories : `Callable[[int, int, int], Tensor]`
        `categories(first, stop, num_columns)` gives the category of each pair of a block, on the
        CPU. Shape: (stop - first, num_columns), uint8
    max_antecedents, rank
        As for `best_products`; products are sums of the two.

    # Returns

    `tuple[Tensor, Tensor, Tensor]`
        Indices of antecedents, products in float32 at least, and categories.
        Shape of each: (num_spans, min(max_antecedents, num_spans - 1))
    """
    (like, _), *_ = forms
    num_antecedents = _num_antecedents(like, max_antecedents)
    indices, chosen, kinds = [], [], []
    for first, stop, (shared, *others) in _blocks(forms, num_antecedents):
        (of_pairs,) = to_device(like.device, categories(first, stop, shared.size(1)))
        with torch.no_grad():
            total = at_least_float32(shared.detach()).clone()
            for category, products in enumerate(others):
                total += products * (of_pairs == category)
            best = _best_before(rank(total, first, stop), first, stop, num_antecedents)
        indices.append(best)
        kinds.append(of_pairs.gather(1, best))
        own = of_category([products.gather(1, best) for products in others], kinds[-1])
        chosen.append(at_least_float32(shared.gather(1, best)) + own)
    if not indices:
        empty = _no_indices(like)
        return empty, at_least_float32(like.new_zeros(0, 0)), empty.to(torch.uint8)
    return torch.cat(indices), torch.cat(chosen), torch.cat(kinds)


def of_category(products: Sequence[Tensor], categories: Tensor) -> Tensor:
    """
    Return for each pair the product of its category, in float32 at least.

    # Parameters

    products : `Sequence[Tensor]`
        The products of each category. Shape of each: (num_spans, num_antecedents)
    categories : `Tensor`
        Shape: (num_spans, num_antecedents), uint8
    """
    return at_least_float32(torch.stack(list(products))).gather(0, categories.long()[None])[0]


def _num_antecedents(sources: Tensor, max_antecedents: int) -> int:
    return min(max_antecedents, max(sources.size(0) - 1, 0))


def _no_indices(like: Tensor) -> Tensor:
    return torch.zeros(0, 0, dtype=torch.long, device=like.device)


def _blocks(
    forms: Sequence[tuple[Tensor, Tensor]], num_antecedents: int
) -> Iterator[tuple[int, int, list[Tensor]]]:
    """Yield blocks of rows: the first, the one after the last, and products by each form."""
    (like, _), *_ = forms
    bounds = _bounds(like.size(0), like, num_forms=len(forms))
    # The first rows have fewer antecedents: columns that are none fill them up.
    column_bounds = [(0, max(stop, num_antecedents)) for _, stop in bounds]
    slices = [
        zip(
            overlapping_slices(sources, bounds),
            overlapping_slices(targets, column_bounds),
            strict=True,
        )
        for sources, targets in forms
    ]
    for (first, stop), *pairs in zip(bounds, *slices, strict=True):
        # Shape of each: (rows, columns)
        yield first, stop, [linear(own, others) for own, others in pairs]


def _best_before(scores: Tensor, first: int, stop: int, num_antecedents: int) -> Tensor:
    """
    Return the columns of the best scores of each row, of those that come before it.

    `scores` is overwritten. Shapes: (rows, columns) to (rows, num_antecedents)
    """
    # Only from the column `first` on there are spans that do not come before.
    columns = torch.arange(first, scores.size(1), device=scores.device)
    rows = torch.arange(first, stop, device=scores.device)
    scores[:, first:].masked_fill_(columns >= rows.unsqueeze(1), float("-inf"))
    return scores.topk(num_antecedents, dim=1).indices


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


def _bounds(num_spans: int, like: Tensor, *, num_forms: int = 1) -> list[tuple[int, int]]:
    """Return the blocks of rows. A row has products, scores and marks of all columns."""
    rows = rows_at_once(
        _ROWS_PER_CHUNK, like.device, row_size=(3 + num_forms) * num_spans, most=num_spans
    )
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
