"""Masked pieces that stand side by side: the spans of the span-boundary objective."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]


class BoundaryTargets(NamedTuple):
    """
    What the span-boundary objective predicts: a piece from two vectors and a position.

    # Parameters

    rows : `IntArray`
        The row of each target. Shape: (num_targets,)
    pieces : `IntArray`
        The piece to predict. Shape: (num_targets,)
    lefts, rights : `IntArray`
        The pieces whose vectors it is predicted from. Shape: (num_targets,)
    positions : `IntArray`
        The place of the piece within its span, from 0. Shape: (num_targets,)
    """

    rows: IntArray
    pieces: IntArray
    lefts: IntArray
    rights: IntArray
    positions: IntArray


class Runs:
    """
    The longest stretches of masked pieces in each row.

    Spans that overlap or touch count as one: so both pieces around a run are never masked.

    # Parameters

    mask : `BoolArray`
        Which pieces are masked. Shape: (num_rows, longest)
    lengths : `IntArray`
        The pieces of each row. Shape: (num_rows,)
    """

    def __init__(self, mask: BoolArray, lengths: IntArray) -> None:
        self.mask, self.lengths = mask, lengths
        rows, pieces = mask.nonzero()
        self.rows: IntArray = rows
        """The row of each masked piece, in order. Shape: (num_masked,)"""
        self.pieces: IntArray = pieces
        """The place of each masked piece in its row. Shape: (num_masked,)"""
        continues = np.zeros(len(self.rows), np.bool_)
        continues[1:] = (self.pieces[1:] == self.pieces[:-1] + 1) & (
            self.rows[1:] == self.rows[:-1]
        )
        # The first masked piece of each run, among all of them. Shape: (num_runs,)
        begins = (~continues).nonzero()[0]
        self.count = len(begins)
        sizes = np.diff(begins, append=len(self.rows))
        self.firsts: IntArray = np.repeat(self.pieces[begins], sizes)
        """The first piece of the run that each masked piece belongs to. Shape: (num_masked,)"""
        self.lasts: IntArray = self.firsts + np.repeat(sizes, sizes) - 1
        """The last piece of that run. Shape: (num_masked,)"""

    def boundary_targets(self, most: int, *, external: bool) -> BoundaryTargets:
        """
        List what the span-boundary objective predicts (Joshi et al. 2020, section 3.2).

        # Parameters

        most : `int`
            How many pieces of a run are predicted, the first ones; its boundary stays.
        external : `bool`
            Whether the boundary are the pieces around a run, which a run at the end of a row does
            not have, so that it has no targets; or its own first and last piece.

        # Returns

        `BoundaryTargets`
            In the order of rows and pieces.
        """
        rows, pieces, starts, ends = self.rows, self.pieces, self.firsts, self.lasts
        wanted = pieces - starts < most
        if external:
            wanted &= (starts > 0) & (ends < self.lengths[rows] - 1)
        rows, pieces, starts, ends = (one[wanted] for one in (rows, pieces, starts, ends))
        lefts, rights = (starts - 1, ends + 1) if external else (starts, ends)
        return BoundaryTargets(rows, pieces, lefts, rights, pieces - starts)
