"""Cutting a document into segments that fit the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spanbert_allen.data.piece_document import IntArray, PieceDocument

NUM_SPECIAL = 2
"""[CLS] and [SEP], which every segment bears."""


def segment_starts(
    word_ids: IntArray, sentence_ids: IntArray, room: int, *, anywhere: bool = False
) -> IntArray:
    """
    Return the first pieces of the segments.

    A segment takes as many pieces as it has room for and ends at the last end of a sentence among
    them, else at the last end of a word, else inside a word. (In the last case the original
    programs stop: "Can't find valid segment".)

    # Parameters

    word_ids : `IntArray`
        The word of each piece, no special ones among them. Shape: (num_plain_pieces,)
    sentence_ids : `IntArray`
        The sentence of each piece. Shape: (num_plain_pieces,)
    room : `int`
        How many pieces a segment takes, special ones not counted; at least 1.
    anywhere : `bool`, optional (default = `False`)
        Every segment but the last is full, whatever ends there: as AllenNLP's indexers cut.

    # Returns

    `IntArray`
        The first piece of each segment, ascending. Shape: (num_segments,)
    """
    num_pieces = len(word_ids)
    if anywhere:
        return np.arange(0, num_pieces, room, dtype=np.int64)
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
    anywhere: bool = False,
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
    anywhere : `bool`, optional (default = `False`)
        See `segment_starts`.

    # Returns

    `PieceDocument`
    """
    # Shape: (num_words,)
    counts = np.fromiter(map(len, pieces_of_words), dtype=np.int64, count=len(pieces_of_words))
    # Shape: (num_plain_pieces,) and the two below
    ids = np.fromiter((i for word in pieces_of_words for i in word), np.int64, int(counts.sum()))
    words = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    given_sentences = np.asarray(sentence_ids, dtype=np.int64)[words]
    sentences = np.cumsum(np.diff(given_sentences, prepend=given_sentences[:1]) != 0)
    starts = segment_starts(words, sentences, max_length - NUM_SPECIAL, anywhere=anywhere)
    layout = _Layout(starts, len(ids))
    numbers = np.arange(len(layout.starts))
    # A sentence that ends with the document has no next one: its [SEP] counts one further.
    # Shape: (num_plain_pieces + 1,)
    sentence_at = np.append(sentences, sentences[-1:] + 1)
    first_pieces, last_pieces = _ends_of_words(layout.places, counts)
    return PieceDocument(
        token_ids=layout.spread(ids, cls_id, sep_id),
        segment_ids=layout.spread(layout.segments, numbers, numbers),
        word_ids=layout.spread(words, -1, -1),
        sentence_ids=layout.spread(sentences, sentence_at[layout.starts], sentence_at[layout.ends]),
        first_pieces=first_pieces,
        last_pieces=last_pieces,
    )


class _Layout:
    """
    Where pieces go when every segment gets its [CLS] and [SEP].

    # Parameters

    starts : `IntArray`
        The first plain piece of each segment. Shape: (num_segments,)
    num_plain_pieces : `int`
        How many pieces there are before.
    """

    def __init__(self, starts: IntArray, num_plain_pieces: int):
        plain, numbers = np.arange(num_plain_pieces), np.arange(len(starts))
        self.starts = starts
        # The piece after each segment's last. Shape: (num_segments,)
        self.ends = np.append(starts[1:], num_plain_pieces)[: len(starts)]
        # The segment of each plain piece. Shape: (num_plain_pieces,)
        self.segments = np.searchsorted(starts, plain, side="right") - 1
        # Where it goes: beyond the special pieces of the segments before, and one [CLS].
        # Shape: (num_plain_pieces,)
        self.places = plain + NUM_SPECIAL * self.segments + 1
        # Shape: (num_segments,) both
        self._cls_places = starts + NUM_SPECIAL * numbers
        self._sep_places = self.ends + NUM_SPECIAL * numbers + 1

    def spread(self, plain: IntArray, at_cls: IntArray | int, at_sep: IntArray | int) -> IntArray:
        """
        Join values of plain pieces and of special ones into one sequence.

        Shape: (num_pieces,)
        """
        out = np.empty(len(self.places) + NUM_SPECIAL * len(self.starts), dtype=np.int64)
        out[self.places] = plain
        out[self._cls_places] = at_cls
        out[self._sep_places] = at_sep
        return out


def _ends_of_words(places: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """
    Return the places of each word's first and last piece, -1 without.

    Shape: (num_words,) both
    """
    has_pieces = counts > 0
    # The plain pieces up to and with each word. Shape: (num_words,)
    passed = np.cumsum(counts)
    first_pieces = np.full(len(counts), -1, dtype=np.int64)
    last_pieces = first_pieces.copy()
    first_pieces[has_pieces] = places[(passed - counts)[has_pieces]]
    last_pieces[has_pieces] = places[passed[has_pieces] - 1]
    return first_pieces, last_pieces
