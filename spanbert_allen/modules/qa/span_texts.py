"""Compare the texts of many answers at once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.combining_marks import ends_with_marks
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.qa.passage import Passage, whole_words

# Both are odd, so that each has an inverse modulo 2**64.
_BASE = 0x9E3779B97F4A7C15
_MIX = 0xBF58476D1CE4E5B9
_WRAP = 2**64


@dataclass(frozen=True)
class _Characters:
    """
    What is compared of each character of a text.

    # Parameters

    values : `np.ndarray`
        A number for the character; equal numbers are equal characters. Shape: (num_characters,)
    counts : `np.ndarray`
        Whether the character is compared: of neighbouring spaces only the first one is.
        Shape: (num_characters,)
    is_inner : `np.ndarray`
        Whether an answer may be compared from this character on, or up to it.
        Shape: (num_characters,)
    """

    values: np.ndarray
    counts: np.ndarray
    is_inner: np.ndarray


class SpanTexts:
    """
    Give the characters of spans of word pieces, and keys by which spans of the same text are found.

    A key is a polynomial hash of 64 bits over the characters of the text. From sums over all
    characters before a place, which are made once, that of any span takes one subtraction and one
    product, so that no text has to be cut out.

    # Parameters

    passage : `Passage`
        The context.
    align_to_words : `bool`
        Whether spans are widened to whole words. Texts that differ in nothing but case, the width
        of white space and punctuation around them are the same then.
    """

    def __init__(self, passage: Passage, *, align_to_words: bool) -> None:
        self._text = passage.text
        # Shape: (num_pieces,) both
        pieces = np.arange(len(passage))
        firsts, lasts = whole_words(passage).T if align_to_words else (pieces, pieces)
        ends = ends_with_marks(passage.text, passage.piece_chars)
        self._begins, self._ends = passage.piece_chars[firsts, 0], ends[lasts]
        characters = _characters(passage.text, folded=align_to_words)
        # The first character to compare at or after each, and the end of the last one before.
        # Shape: (num_characters + 1,) both
        places = np.arange(len(passage.text) + 1)
        inner = np.append(characters.is_inner, True)
        after = np.minimum.accumulate(np.where(inner, places, len(passage.text))[::-1])[::-1]
        before = np.maximum.accumulate(np.where(np.insert(characters.is_inner, 0, True), places, 0))
        self._key_begins, self._key_ends = after[self._begins], before[self._ends]
        self._sums, self._inverses = _prefix_sums(characters)

    def chars(self, first: int, last: int) -> CharSpan:
        """Return the characters of the text from one piece to another, which is inside."""
        return CharSpan(int(self._begins[first]), int(self._ends[last]))

    def text(self, chars: CharSpan) -> str:
        """Return the text of some characters."""
        return self._text[chars.start : chars.end]

    def keys(self, firsts: IntArray, lasts: IntArray) -> np.ndarray:
        """
        Return the keys of spans: equal for spans of the same text.

        # Parameters

        firsts, lasts : `IntArray`
            First and last pieces, broadcast against each other. Shape: (...)

        # Returns

        `np.ndarray`
            uint64. Shape: (...)
        """
        begins, ends = self._key_begins[firsts], self._key_ends[lasts]
        keys = self._hash(begins, ends)
        nothing_inside = begins >= ends
        if nothing_inside.any():  # punctuation is compared as it is
            keys = np.where(
                nothing_inside, self._hash(self._begins[firsts], self._ends[lasts]), keys
            )
        return keys

    def _hash(self, begins: IntArray, ends: IntArray) -> np.ndarray:
        hashes: np.ndarray = (self._sums[ends] - self._sums[begins]) * self._inverses[begins]
        return hashes


def _characters(text: str, *, folded: bool) -> _Characters:
    """Return what is compared of each character: all of it, or with `folded` no case and so on."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    everything = np.ones(len(codes), bool)
    if not folded:
        return _Characters(codes.astype(np.uint64) + np.uint64(1), everything, everything)
    different, numbers = np.unique(codes, return_inverse=True)
    known = [chr(code) for code in different.tolist()]
    values = np.array([_value(character) for character in known], np.uint64)[numbers]
    is_space = np.array([character.isspace() for character in known], bool)[numbers]
    is_edge = np.array([_is_punctuation(character) for character in known], bool)[numbers]
    counts = ~is_space
    counts[:1] = True
    counts[1:] |= ~is_space[:-1]
    return _Characters(values, counts, ~is_space & ~is_edge)


def _value(character: str) -> int:
    if character.isspace():
        return 1
    value = 0
    for part in character.casefold():
        value = (value << 21) + ord(part) + 1
    return value % _WRAP


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character).startswith("P")


def _prefix_sums(characters: _Characters) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the sums of values times powers of the base before each character, and inverse powers.

    Both are modulo 2**64. Shape: (num_characters + 1,)
    """
    num_characters = len(characters.values)
    # Mixed, so that neighbouring codes are far apart.
    values = characters.values * np.uint64(_MIX)
    values ^= values >> np.uint64(31)
    # The number of compared characters before each. Shape: (num_characters + 1,)
    exponents = np.zeros(num_characters + 1, np.int64)
    np.cumsum(characters.counts, out=exponents[1:])
    powers = _powers(_BASE, num_characters + 1)
    sums = np.zeros(num_characters + 1, np.uint64)
    np.cumsum(values * powers[exponents[:-1]] * characters.counts, out=sums[1:])
    return sums, _powers(pow(_BASE, -1, _WRAP), num_characters + 1)[exponents]


def _powers(base: int, count: int) -> np.ndarray:
    """Return the powers of a number, from 0 on, modulo 2**64."""
    powers = np.full(count, base, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)
