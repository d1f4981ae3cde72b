"""A document as the encoder takes it: word pieces in segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PieceDocument:
    """
    The word pieces of a document, cut into segments that the encoder takes one by one. Each segment
    begins with [CLS] and ends with [SEP]; all of them stand one after the other in one sequence of
    `num_pieces`, and every position below counts in it. A document without words, or whose words
    have no pieces, has no segments.

    # Parameters

    token_ids : `IntArray`
        The pieces. Shape: (num_pieces,)
    segment_ids : `IntArray`
        The segment of each piece: 0, 0, ... 1, 1, ... Shape: (num_pieces,)
    word_ids : `IntArray`
        The word of each piece; -1 for [CLS] and [SEP]. Shape: (num_pieces,)
    sentence_ids : `IntArray`
        The sentence of each piece, counted from 0 over the sentences that have pieces. As in the
        original coreference program, [CLS] belongs to the sentence that goes on or begins after it,
        and so does the [SEP] before it: a [SEP] that follows the last piece of a sentence bears the
        number of the next one. Shape: (num_pieces,)
    first_pieces : `IntArray`
        Where each word begins; -1 for a word without pieces. Shape: (num_words,)
    last_pieces : `IntArray`
        Its last piece, inclusive; -1 for a word without pieces. Shape: (num_words,)
    """

    token_ids: IntArray
    segment_ids: IntArray
    word_ids: IntArray
    sentence_ids: IntArray
    first_pieces: IntArray
    last_pieces: IntArray

    @property
    def num_segments(self) -> int:
        """How many segments there are."""
        return int(self.segment_ids[-1]) + 1 if len(self.segment_ids) else 0
