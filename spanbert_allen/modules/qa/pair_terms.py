"""What a head that looks at both ends together adds to the scores of a window's spans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class PairTerms(NamedTuple):
    """
    Hold what is added to the sum of both logits, for the spans between some first and last pieces.

    Spans between other pieces are no answers.

    # Parameters

    firsts, lasts : `np.ndarray`
        Pieces, counted in the window; the first of several equal ones counts.
        Shape: (num_firsts,), (num_lasts,)
    terms : `np.ndarray`
        What is added; -inf where there is no span. Shape: (num_firsts, num_lasts)
    null : `float`
        What is added for "no answer".
    """

    firsts: np.ndarray
    lasts: np.ndarray
    terms: np.ndarray
    null: float

    def of(self, firsts: np.ndarray, lasts: np.ndarray) -> np.ndarray:
        """
        Return the terms of spans.

        # Parameters

        firsts, lasts : `np.ndarray`
            Pieces, counted in the window. Any shapes that fit each other

        # Returns

        `np.ndarray`
            -inf for spans that are no answers. Shape: that of both
        """
        rows, columns = _ranks(self.firsts, firsts), _ranks(self.lasts, lasts)
        found: np.ndarray = self.terms[rows.clip(min=0), columns.clip(min=0)]
        return np.where((rows >= 0) & (columns >= 0), found, -np.inf)


def _ranks(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return where pieces stand among known ones, -1 where they do not; shape: that of `asked`."""
    ranks = np.full(max(int(known.max(initial=-1)), int(asked.max(initial=-1))) + 1, -1)
    ranks[known[::-1]] = np.arange(len(known))[::-1]
    found: np.ndarray = ranks[asked]
    return found
