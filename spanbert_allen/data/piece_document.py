"""A document as the encoder takes it: word pieces in segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spanbert_allen.common.spans import Cluster, PieceSpan, WordSpan

IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PieceDocument:
    """
    The word pieces of a document, cut into segments that the encoder takes one by one.

    Each segment begins with [CLS] and ends with [SEP]. The segments follow each other in one
    sequence of `num_pieces`, and every position below counts in it. A document without words, or
    whose words have no pieces, has no segments.

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
        """Return the number of segments."""
        return int(self.segment_ids[-1]) + 1 if len(self.segment_ids) else 0

    def span_of(self, mention: WordSpan) -> PieceSpan | None:
        """
        Return the pieces of a mention; `None` if it has none.

        A word without pieces (only characters that the tokenizer drops) cannot be an end of a span,
        so the mention shrinks to the words that have pieces.
        """
        # Shape: (num_words_of_mention_with_pieces,)
        words = mention.start + np.flatnonzero(
            self.first_pieces[mention.start : mention.end + 1] >= 0
        )
        if len(words) == 0:
            return None
        return PieceSpan(int(self.first_pieces[words[0]]), int(self.last_pieces[words[-1]]))

    def spans_of(self, clusters: Sequence[Cluster]) -> tuple[dict[PieceSpan, int], int]:
        """
        Return the cluster of each mention by its pieces, and the number of lost mentions.

        A mention is lost if it has no pieces, or the same pieces as a mention of another cluster.
        """
        cluster_of: dict[PieceSpan, int] = {}
        lost = 0
        for number, cluster in enumerate(clusters):
            for mention in cluster:
                span = self.span_of(mention)
                lost += span is None or cluster_of.setdefault(span, number) != number
        return cluster_of, lost
