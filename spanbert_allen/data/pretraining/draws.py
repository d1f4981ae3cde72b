"""Random numbers for masking that depend on nothing but a seed, an epoch and a block."""

from __future__ import annotations

from copy import copy
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]
_Words = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Purpose(IntEnum):
    """What a random number decides: numbers for different purposes are independent."""

    SPAN_LENGTH = 1
    SPAN_ANCHOR = 2
    CANDIDATE_OR_SPAN = 3
    CANDIDATE = 4
    POSITION = 5
    REPLACEMENT = 6
    RANDOM_PIECE = 7
    RECURRING_SPAN = 8
    LEFT_OCCURRENCE = 9


class Draws:
    """
    Draw random numbers for the rows of a batch.

    A number follows from the seed, the epoch, the key of its row, its purpose and its index, by a
    hash (the finaliser of SplitMix64, Steele et al. 2014). So the masks of a block in an epoch are
    the same in every batch, on every worker and in a run that was resumed, and no state is kept.

    # Parameters

    seed, epoch : `int`
        Not negative.
    keys : `IntArray`
        What tells a row from all others, such as the number of its block. Shape: (num_rows,)
    """

    def __init__(self, seed: int, epoch: int, keys: IntArray) -> None:
        start = _mix(_mix(np.asarray([seed], np.uint64)) ^ np.asarray([epoch + 1], np.uint64))
        # Shape: (num_rows,)
        self._rows = _mix(start ^ _mix(keys.astype(np.uint64) + _GOLDEN))

    def of_rows(self, rows: IntArray) -> Draws:
        """
        Return the draws of some rows.

        # Parameters

        rows : `IntArray`
            Shape: (num_chosen,)
        """
        chosen = copy(self)
        chosen._rows = self._rows[rows]
        return chosen

    def uniform(self, purpose: Purpose, indices: IntArray) -> FloatArray:
        """
        Draw from the uniform distribution over [0, 1).

        # Parameters

        purpose : `Purpose`
            What the numbers are for.
        indices : `IntArray`
            The index of each number within its row and purpose, below 2 ** 32.
            Shape: (num_rows or 1, num_numbers)

        # Returns

        `FloatArray`
            Shape: (num_rows, num_numbers)
        """
        return _uniform(self._rows[:, None], purpose, indices)

    def uniform_at(self, purpose: Purpose, rows: IntArray, indices: IntArray) -> FloatArray:
        """
        Draw single numbers from the uniform distribution over [0, 1), those of `uniform`.

        # Parameters

        purpose : `Purpose`
            What the numbers are for.
        rows, indices : `IntArray`
            The row of each number, and its index. Shape: (num_numbers,)

        # Returns

        `FloatArray`
            Shape: (num_numbers,)
        """
        return _uniform(self._rows[rows], purpose, indices)


def _uniform(rows: _Words, purpose: Purpose, indices: IntArray) -> FloatArray:
    place = (np.uint64(purpose) << np.uint64(32)) | indices.astype(np.uint64)
    words = _mix(rows ^ _mix(place))
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(words: _Words) -> _Words:
    words = words + _GOLDEN
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
