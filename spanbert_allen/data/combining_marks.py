"""Characters that no word piece stands for, but that belong to a word."""

from __future__ import annotations

import numpy as np

from spanbert_allen.common.text import is_mark
from spanbert_allen.data.piece_document import IntArray


def ends_with_marks(text: str, piece_chars: IntArray) -> IntArray:
    """
    Return the end of each piece, outside of it, with the combining marks that stand behind it.

    An encoder without accents has no piece for them, but they are part of the word: an accent, or
    the vowel signs at the end of a word in Hindi.

    # Parameters

    text : `str`
        The text.
    piece_chars : `IntArray`
        The first character of each piece in it and its end, in order. Shape: (num_pieces, 2)

    # Returns

    `IntArray`
        Shape: (num_pieces,)
    """
    ends = piece_chars[:, 1].copy()
    if text.isascii():
        return ends
    # Where the next piece begins. Shape: (num_pieces,)
    limits = np.append(piece_chars[1:, 0], len(text))
    for piece in np.flatnonzero(ends < limits).tolist():
        while ends[piece] < limits[piece] and is_mark(text[ends[piece]]):
            ends[piece] += 1
    return ends
