"""
Work in chunks, so that memory is bounded by a chunk and not by the document.

Without gradients the chunks simply follow each other. With gradients each chunk is a checkpoint:
its inside is thrown away after the forward pass and computed again in the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


class _OverlappingSlices(torch.autograd.Function):
    """
    Slices of a tensor's first dimension that may overlap.

    The gradient of an ordinary slice is a tensor as large as the whole, so that a hundred chunks
    would write a hundred whole tensors; here all slices add into one.
    """

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, bounds: Sequence[tuple[int, int]]) -> tuple[Tensor, ...]:
        ctx.bounds, ctx.shape = bounds, tensor.shape
        return tuple(tensor[start:stop].view_as(tensor[start:stop]) for start, stop in bounds)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor, None]:
        present = next(gradient for gradient in gradients if gradient is not None)
        # Shape: the tensor's
        total = present.new_zeros(ctx.shape)
        for (start, stop), gradient in zip(ctx.bounds, gradients, strict=True):
            if gradient is not None:
                total[start:stop] += gradient
        return total, None


def overlapping_slices(tensor: Tensor, bounds: Sequence[tuple[int, int]]) -> tuple[Tensor, ...]:
    """
    `tensor[start:stop]` for each `(start, stop)` of `bounds`; the gradients of overlapping slices
    add up in one tensor.
    """
    if not bounds:
        return ()
    slices: tuple[Tensor, ...] = _OverlappingSlices.apply(tensor, bounds)
    return slices


def row_bounds(num_rows: int, rows_per_chunk: int) -> list[tuple[int, int]]:
    """The `(start, stop)` of each chunk of at most `rows_per_chunk` rows (at least one)."""
    step = max(1, rows_per_chunk)
    return [(start, min(start + step, num_rows)) for start in range(0, num_rows, step)]


def run_chunks(
    function: Callable[..., Tensor], arguments: Iterable[tuple[Any, ...]], num_rows: int
) -> Tensor:
    """
    `function(*chunk)` for each chunk of arguments, one result after the other: checkpointed when
    gradients are recorded, and so bounded by one chunk's memory in training and in prediction
    alike. Random numbers (dropout) are the same when a chunk is computed again.

    # Parameters

    function : `Callable[..., Tensor]`
        Gives some rows.
    arguments : `Iterable[tuple[Any, ...]]`
        At least one chunk.
    num_rows : `int`
        The rows of all chunks together.

    # Returns

    `Tensor`
        Shape: (num_rows, ...)
    """
    if torch.is_grad_enabled():
        return torch.cat([checkpoint(function, *chunk, use_reentrant=False) for chunk in arguments])
    # Written into place: small results kept between the chunks' large blocks would split the heap,
    # so that it grew by a block a chunk.
    done, out = 0, None
    for chunk in arguments:
        rows = function(*chunk)
        if out is None:
            out = rows.new_empty(num_rows, *rows.shape[1:])
        out[done : done + len(rows)] = rows
        done += len(rows)
    assert out is not None and done == num_rows
    return out
