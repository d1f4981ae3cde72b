"""Cutting a document into segments that fit the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spanbert_allen.data.piece_document import IntArray, PieceDocument

NUM_SPECIAL = 2
"""[CLS] and [SEP], which every segment bears."""


def segment_starts(word_ids: IntArray, sentence_ids: IntArray, room: int) -> IntArray:
    """
    Where the segments begin. Each takes as many pieces as it has room for and ends at the last end
    of a sentence among them; if there is none, at the last end of a word; if there is none either,
    the word is cut. (The original programs stop there: "Can't find valid segment".)

    # Parameters

    word_ids : `IntArray`
        The word of each piece, no special ones among them. Shape: (num_plain_pieces,)
    sentence_ids : `IntArray`
        The sentence of each piece. Shape: (num_plain_pieces,)
    room : `int`
        How many pieces a segment takes, special ones not counted; at least 1.

    # Returns

    `IntArray`
        The first piece of each segment, ascending. Shape: (num_segments,)
    """
    num_pieces = len(word_ids)
    # Shape: (num_words_with_pieces - 1,): where another word begins, and the end of the document.
    word_breaks = np.append(np.flatnonzero(np.diff(word_ids)) + 1, num_pieces)
    sentence_breaks = np.append(np.flatnonzero(np.diff(sentence_ids)) + 1, num_pieces)
    starts = []
    start = 0
    while start < num_pieces:
        starts.append(start)
        limit = min(start + room, num_pieces)
        for breaks in (sentence_breaks, word_breaks):
            # The last break that is not beyond the limit.
            place = int(np.searchsorted(breaks, limit, side="right")) - 1
            if place >= 0 and breaks[place] > start:
                start = int(breaks[place])
                break
        else:
            start = limit
    return np.array(starts, dtype=np.int64)


def cut_document(
    pieces_of_words: Sequence[Sequence[int]],
    sentence_ids: Sequence[int],
    *,
    max_length: int,
    cls_id: int,
    sep_id: int,
) -> PieceDocument:
    """
    Put the pieces of a document's words into segments.

    # Parameters

    pieces_of_words : `Sequence[Sequence[int]]`
        The ids of each word's pieces; may be none.
    sentence_ids : `Sequence[int]`
        The sentence of each word, never falling.
    max_length : `int`
        How many pieces a segment may have, [CLS] and [SEP] counted; at least 3.
    cls_id : `int`
        The id of [CLS].
    sep_id : `int`
        The id of [SEP].

    # Returns

    `PieceDocument`
    """
    num_words = len(pieces_of_words)
    # Shape: (num_words,)
    counts = np.fromiter(map(len, pieces_of_words), dtype=np.int64, count=num_words)
    # Shape: (num_plain_pieces,) and the three below
    ids = np.fromiter((i for word in pieces_of_words for i in word), np.int64, int(counts.sum()))
    words = np.repeat(np.arange(num_words, dtype=np.int64), counts)
    given_sentences = np.asarray(sentence_ids, dtype=np.int64)[words]
    sentences = np.cumsum(np.diff(given_sentences, prepend=given_sentences[:1]) != 0)
    starts = segment_starts(words, sentences, max_length - NUM_SPECIAL)
    # Shape: (num_plain_pieces,)
    segments = np.searchsorted(starts, np.arange(len(ids)), side="right") - 1
    # Where each piece goes: one [CLS] or [SEP] before it for each end of a segment passed.
    # Shape: (num_plain_pieces,)
    places = np.arange(len(ids)) + NUM_SPECIAL * segments + 1
    ends = np.append(starts[1:], len(ids))[: len(starts)]
    # Shape: (num_segments,) both
    cls_places = starts + NUM_SPECIAL * np.arange(len(starts))
    sep_places = ends + NUM_SPECIAL * np.arange(len(starts)) + 1
    # A sentence that ends with the document has no next one: its [SEP] counts one further.
    # Shape: (num_plain_pieces + 1,)
    sentence_at = np.append(sentences, sentences[-1:] + 1)

    def spread(plain: IntArray, at_cls: IntArray | int, at_sep: IntArray | int) -> IntArray:
        # Shape: (num_pieces,)
        out = np.empty(len(ids) + NUM_SPECIAL * len(starts), dtype=np.int64)
        out[places], out[cls_places], out[sep_places] = plain, at_cls, at_sep
        return out

    numbers = np.arange(len(starts))
    has_pieces = counts > 0
    # Shape: (num_words,): the plain pieces up to and with each word
    passed = np.cumsum(counts)
    first_pieces = np.full(num_words, -1, dtype=np.int64)
    last_pieces = first_pieces.copy()
    first_pieces[has_pieces] = places[(passed - counts)[has_pieces]]
    last_pieces[has_pieces] = places[passed[has_pieces] - 1]
    return PieceDocument(
        token_ids=spread(ids, cls_id, sep_id),
        segment_ids=spread(segments, numbers, numbers),
        word_ids=spread(words, -1, -1),
        sentence_ids=spread(sentences, sentence_at[starts], sentence_at[ends]),
        first_pieces=first_pieces,
        last_pieces=last_pieces,
    )
