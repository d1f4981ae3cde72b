"""
Work in chunks, so that memory is bounded by a chunk and not by the document.

Without gradients the chunks simply follow each other. With gradients the first chunks are kept for
the backward pass, as far as a budget goes; of each later one the inside is thrown away after the
forward pass and computed again in the backward pass.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

_KEPT_NUMBERS = 2**26
"""How many numbers of its rows a call of `run_chunks` keeps for the backward pass."""
_LARGEST_CHUNK, _SHARE_OF_CHUNK = 2**30, 64
_USUAL_MEMORY = 2**33
"""What a device that cannot be asked is taken to have: 8 GiB."""


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
    Return `tensor[start:stop]` for each `(start, stop)` of `bounds`.

    The gradients of overlapping slices add up in one tensor.
    """
    if not bounds:
        return ()
    slices: tuple[Tensor, ...] = _OverlappingSlices.apply(tensor, bounds)
    return slices


def row_bounds(num_rows: int, rows_per_chunk: int) -> list[tuple[int, int]]:
    """Return the `(start, stop)` of each chunk of at most `rows_per_chunk` rows (at least one)."""
    step = max(1, rows_per_chunk)
    return [(start, min(start + step, num_rows)) for start in range(0, num_rows, step)]


def rows_at_once(on_cpu: int, device: torch.device, *, row_size: int, most: int) -> int:
    """
    Return how many rows to compute at once.

    A processor is fastest with few, which stay in its caches; a GPU with many, as starting an
    operation takes it as long as some thousand rows. There, the rows of a chunk take a 64th of the
    device's memory, and at most 1 GiB. What is free does not count: a run that goes on from a
    checkpoint has less, and with other chunks it would draw other random numbers for dropout.

    # Parameters

    on_cpu : `int`
        How many on the CPU, and at least elsewhere.
    device : `torch.device`
        Where the rows are computed.
    row_size : `int`
        How many numbers of four bytes a row takes.
    most : `int`
        How many at most, if work or memory grows faster than the number of rows.
    """
    if device.type == "cpu":
        return on_cpu
    budget = min(total_memory(device) // _SHARE_OF_CHUNK, _LARGEST_CHUNK)
    return max(on_cpu, min(budget // (4 * max(row_size, 1)), most))


@functools.cache
def total_memory(device: torch.device) -> int:
    """Return the bytes that a device has, used or not."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return _USUAL_MEMORY


def run_chunks(
    function: Callable[..., Tensor],
    arguments: Iterable[tuple[Any, ...]],
    num_rows: int,
    *,
    row_size: int,
) -> Tensor:
    """
    Return `function(*chunk)` for each chunk of arguments, in bounded memory.

    Without gradients the memory is that of one chunk. In training some 67 million numbers more are
    kept for the backward pass (a quarter of a GB in float32 for each tensor of rows that it needs),
    so that the rows of a short document are computed once. The chunks after them are checkpointed;
    random numbers (dropout) are the same when a chunk is computed again.

    # Parameters

    function : `Callable[..., Tensor]`
        Gives some rows.
    arguments : `Iterable[tuple[Any, ...]]`
        At least one chunk.
    num_rows : `int`
        The rows of all chunks together.
    row_size : `int`
        How many numbers make the widest row inside of `function`.

    # Returns

    `Tensor`
        Shape: (num_rows, ...)
    """
    if torch.is_grad_enabled():
        return torch.cat(list(_recorded(function, arguments, _KEPT_NUMBERS // row_size)))
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


def _recorded(
    function: Callable[..., Tensor], arguments: Iterable[tuple[Any, ...]], kept_rows: int
) -> Iterator[Tensor]:
    """Compute the chunks' results for the backward pass, which keeps about `kept_rows` rows."""
    done = 0
    for chunk in arguments:
        if done < kept_rows:
            rows = function(*chunk)
        else:
            rows = checkpoint(function, *chunk, use_reentrant=False)
        done += len(rows)
        yield rows
