"""The pieces that a masking has chosen so far in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np

from spanbert_allen.data.pretraining.masking.masking import BoolArray, IntArray, Rows


class ChosenPieces:
    """
    The pieces chosen in one row, within a budget.

    They are the bits of a number, the first piece the lowest: with the few spans of a row, Python's
    numbers are quicker than arrays, and rows need not wait for each other. A place behind the row
    is free for ever.

    # Parameters

    left : `int`
        How many pieces may be chosen.
    free : `int`
        The pieces that may be chosen, as bits.
    single : `Sequence[int]`
        Each piece as a number, and the place behind the last one; see `single_bits`.
    """

    __slots__ = ("_first_free", "_free", "_single", "left")

    def __init__(self, left: int, free: int, single: Sequence[int]) -> None:
        self.left, self._single = left, single
        self._first_free = self._free = free | single[-1]

    @classmethod
    def of(cls, rows: Rows, budgets: IntArray) -> list[ChosenPieces]:
        """Return what is chosen in each of some rows at first, which is nothing."""
        longest = rows.starts_word.shape[1]
        single = single_bits(longest)
        free = [single[-1] - 1] * len(budgets)
        if rows.may_be_masked is not None:
            free = to_bits(rows.may_be_masked)
        return [cls(*row, single) for row in zip(budgets.tolist(), free, strict=True)]

    @property
    def bits(self) -> int:
        """Return the chosen pieces."""
        return self._first_free ^ self._free

    def add_all(self, anchors: Iterable[int], starts: Iterable[int], ends: Iterable[int]) -> None:
        """
        Choose the pieces of spans, one after the other, while the budget lasts.

        A span is passed over if its anchor is not free. Of the last one, pieces are chosen from the
        left as far as the budget goes.

        # Parameters

        anchors : `Iterable[int]`
            A piece of each span, or the place behind the row.
        starts, ends : `Iterable[int]`
            The first piece of each span, and the one behind its last.
        """
        free, left, single = self._free, self.left, self._single
        for anchor, start, end in zip(anchors, starts, ends, strict=True):
            if not free & single[anchor]:
                continue
            new = (single[end] - single[start]) & free
            left -= new.bit_count()
            while left < 0:
                new ^= single[new.bit_length() - 1]
                left += 1
            free ^= new
            if not left:
                break
        self._free, self.left = free, left

    def add_rest(self, start: int, end: int) -> None:
        """Choose those pieces of a span that are free, from the left, while the budget lasts."""
        nowhere = len(self._single) - 1
        self.add_all((nowhere,), (start,), (end,))

    def can_add(self, bits: int) -> bool:
        """Return whether one of some pieces is free."""
        return bits & self._free != 0


@cache
def single_bits(longest: int) -> tuple[int, ...]:
    """Return the numbers with one bit, for the pieces of a row and the place behind it."""
    return tuple(1 << place for place in range(longest + 1))


def parts(chosen: Sequence[ChosenPieces], size: int) -> Iterator[tuple[IntArray, IntArray]]:
    """
    Yield the rows whose budget lasts, and the numbers of what is to be drawn for them next.

    # Parameters

    chosen : `Sequence[ChosenPieces]`
        What is chosen in each row, which changes in between.
    size : `int`
        How many numbers are yielded at once.
    """
    first = 0
    while unfinished := [row for row, pieces in enumerate(chosen) if pieces.left]:
        yield np.asarray(unfinished), np.arange(first, first + size)
        first += size


def to_bits(table: BoolArray) -> list[int]:
    """
    Return the bits of each row of a table as a number.

    # Parameters

    table : `BoolArray`
        Shape: (num_rows, longest)
    """
    packed = np.packbits(table, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def mask_of(chosen: Sequence[ChosenPieces], rows: Rows) -> BoolArray:
    """
    Return the chosen pieces of all rows.

    # Parameters

    chosen : `Sequence[ChosenPieces]`
        What is chosen in each row.
    rows : `Rows`
        The rows.

    # Returns

    `BoolArray`
        Shape: (num_rows, longest)
    """
    longest = rows.starts_word.shape[1]
    num_bytes = -(-longest // 8)
    packed = b"".join(pieces.bits.to_bytes(num_bytes, "little") for pieces in chosen)
    # Shape: (num_rows, num_bytes)
    table = np.frombuffer(packed, np.uint8).reshape(-1, num_bytes)
    return np.unpackbits(table, axis=1, count=longest, bitorder="little").view(np.bool_)
