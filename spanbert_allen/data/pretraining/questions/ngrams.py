"""Sequences of words that occur more than once in a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spanbert_allen.data.pretraining.masking.masking import Rows

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]
Hashes = npt.NDArray[np.uint64]

# Odd numbers without a pattern: of the place in a word, of the word and of the row.
_PLACE, _WORD, _ROW = (
    np.uint64(number) for number in (0xD1342543DE82EF95, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
)
_LONGEST_WORD = 256
# Shape: (_LONGEST_WORD,)
_POWERS = np.cumprod(np.full(_LONGEST_WORD, _PLACE, np.uint64)) * _WORD


class Ngrams(NamedTuple):
    """
    All occurrences of the sequences of some number of words that recur in their row.

    # Parameters

    length : `int`
        The number of words.
    starts : `IntArray`
        The first word of each occurrence, in order. Shape: (num_occurrences,)
    groups : `IntArray`
        Which sequence it is; the same words in another row are another one.
        Shape: (num_occurrences,)
    """

    length: int
    starts: IntArray
    groups: IntArray


@dataclass(frozen=True, kw_only=True)
class Words:
    """
    The words of all rows, behind each other.

    # Parameters

    starts, ends : `IntArray`
        The first piece of each word in its row, and the one behind its last. Shape: (num_words,)
    rows : `IntArray`
        The row of each word. Shape: (num_words,)
    hashes : `Hashes`
        A hash of each word's pieces; see `hash_words`. Shape: (num_words,)
    is_plain : `BoolArray`
        Whether all of its pieces are plain, and the first one begins a word. Shape: (num_words,)
    """

    starts: IntArray
    ends: IntArray
    rows: IntArray
    hashes: Hashes
    is_plain: BoolArray

    @classmethod
    def of(cls, ids: IntArray, rows: Rows, *, begins_word: BoolArray, is_plain: BoolArray) -> Words:
        """
        Put pieces together to words.

        # Parameters

        ids : `IntArray`
            The pieces. Shape: (num_rows, longest)
        rows : `Rows`
            What is known of them.
        begins_word, is_plain : `BoolArray`
            Whether each piece of the vocabulary begins a word, and whether it may be part of a
            sequence. Shape: (vocabulary_size,)
        """
        row, column = (np.arange(ids.shape[1]) < rows.lengths[:, None]).nonzero()
        # Shape: (num_pieces,)
        flat = ids[row, column]
        first = rows.starts_word[row, column].nonzero()[0]
        behind = np.append(first[1:], len(flat))
        return cls(
            starts=column[first],
            ends=column[first] + behind - first,
            rows=row[first],
            hashes=hash_words(flat, first),
            is_plain=np.logical_and.reduceat(is_plain[flat], first) & begins_word[flat[first]],
        )

    def recurring(self, longest: int) -> Iterator[Ngrams]:
        """
        Yield the sequences of plain words that recur in a row, the shortest first.

        A sequence recurs only where the same without its last word does, and so does that word. So
        each length is sought among the occurrences of the one before, which are soon few.

        # Parameters

        longest : `int`
            The most words of a sequence.
        """
        starts = self.is_plain.nonzero()[0]
        # Shape: (num_occurrences,)
        keys: npt.NDArray[Any] = self.hashes[starts] + self.rows[starts].astype(np.uint64) * _ROW
        # The group of each word alone, with as many words behind the last one as are looked at.
        word_groups = np.full(len(self.starts) + longest, -1, np.int64)
        num_groups = 0
        for length in range(1, longest + 1):
            _, groups, counts = np.unique(keys, return_inverse=True, return_counts=True)
            recurs = counts[groups] > 1
            starts, groups = starts[recurs], groups[recurs]
            if not starts.size:
                return
            yield Ngrams(length, starts, groups)
            if length == 1:
                word_groups[starts] = groups
                num_groups = len(counts)
            # A sequence that runs into the next row has no equal: it is the only one to end there.
            following = word_groups[starts + length]
            goes_on = following >= 0
            starts = starts[goes_on]
            keys = groups[goes_on] * num_groups + following[goes_on]


def hash_words(pieces: IntArray, first: IntArray) -> Hashes:
    """
    Return a hash of the pieces of each word.

    # Parameters

    pieces : `IntArray`
        The pieces of all words behind each other. Shape: (num_pieces,)
    first : `IntArray`
        Where each word begins. Shape: (num_words,)

    # Returns

    `Hashes`
        Shape: (num_words,)
    """
    sizes = np.diff(first, append=len(pieces))
    places = np.arange(len(pieces)) - np.repeat(first, sizes)
    powers = _POWERS[np.minimum(places, _LONGEST_WORD - 1)]
    return np.add.reduceat((pieces.astype(np.uint64) + np.uint64(1)) * powers, first)
