"""A text to look for answers in: its words, its word pieces, and the characters of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.common.text import is_mark
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.pieces import BasicStep, PieceTokenizer

# Where the original cuts words: not at a no-break space, for one.
_WORD = re.compile("[^ \\t\\r\\n\\u202f]+")
# Two characters of scripts written without spaces: Thai, Lao, Myanmar, Khmer, Japanese syllables.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff]{2}")


@dataclass(frozen=True)
class Passage:
    """
    Hold a text in words and word pieces; the questions on a text share its passage.

    # Parameters

    text : `str`
        As given.
    word_chars : `IntArray`
        The first character of each word and its end, which is outside. Shape: (num_words, 2)
    piece_ids : `IntArray`
        The id of each piece in the vocabulary. Shape: (num_pieces,)
    piece_words : `IntArray`
        The index of the word of each piece, in ascending order; a word may have no piece.
        Shape: (num_pieces,)
    piece_chars : `IntArray`
        The first character of each piece and its end, which is outside. Shape: (num_pieces, 2)
    piece_text : `str`
        The pieces themselves, a space between them. One string is small to send from process to
        process.
    basic : `BasicStep`
        How the words were cut before they were cut into pieces.
    """

    text: str
    word_chars: IntArray
    piece_ids: IntArray
    piece_words: IntArray
    piece_chars: IntArray
    piece_text: str
    basic: BasicStep

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.piece_ids)

    def pieces(self) -> list[str]:
        """Return the pieces, cut out of `piece_text` anew at each call."""
        return self.piece_text.split(" ") if len(self) else []

    def word(self, index: int) -> str:
        """Return the text of a word."""
        start, end = self.word_chars[index]
        return self.text[start:end]

    def chars(self, first_piece: int, last_piece: int) -> CharSpan:
        """Return the characters from one piece to another, which is inside."""
        return CharSpan(int(self.piece_chars[first_piece, 0]), int(self.piece_chars[last_piece, 1]))


def make_passage(text: str, tokenizer: PieceTokenizer) -> Passage:
    """Return the passage of a text, each word cut into pieces by itself."""
    matches = list(_WORD.finditer(text))
    words = [match.group() for match in matches]
    # Shape: (num_words, 2)
    word_chars = np.array([match.span() for match in matches], np.int64).reshape(-1, 2)
    pieces = tokenizer.pieces_of_each(words)
    # Shape: (num_words,)
    counts = np.fromiter(map(len, pieces), np.int64, len(pieces))
    num_pieces = int(counts.sum())
    # Shape: (num_pieces,)
    piece_words = np.repeat(np.arange(len(words)), counts)
    places = chain.from_iterable(tokenizer.places_of_each(words))
    # Characters of the words, then of the text. Shape: (num_pieces, 2)
    piece_chars = np.fromiter(chain.from_iterable(places), np.int64, 2 * num_pieces).reshape(-1, 2)
    piece_ids = np.fromiter(chain.from_iterable(pieces), np.int64, num_pieces)
    return Passage(
        text=text,
        word_chars=word_chars,
        piece_ids=piece_ids,
        piece_words=piece_words,
        piece_chars=piece_chars + word_chars[piece_words, :1],
        piece_text=" ".join([tokenizer.vocabulary[i] for i in piece_ids.tolist()]),
        basic=tokenizer.basic,
    )


def whole_words(passage: Passage) -> IntArray:
    """
    Return the first and last piece of the whole word that each piece belongs to.

    A whole word is what stands between white space and punctuation. In scripts that are written
    without spaces each piece counts as a word.

    # Returns

    `IntArray`
        Shape: (num_pieces, 2)
    """
    return joined_parts(
        [
            piece.startswith("##") and not _begins_unspaced(passage.text, int(start))
            for piece, start in zip(passage.pieces(), passage.piece_chars[:, 0], strict=True)
        ]
    )


def joined_parts(goes_on: Sequence[bool]) -> IntArray:
    """
    Return the first and last piece of the part that each piece belongs to.

    # Parameters

    goes_on : `Sequence[bool]`
        Whether a piece belongs to the part of the piece before it. Shape: (num_pieces,)

    # Returns

    `IntArray`
        Shape: (num_pieces, 2)
    """
    # Shape: (num_parts,) both
    begins = np.flatnonzero(np.logical_not(np.array(goes_on, bool)))
    lengths = np.diff(np.append(begins, len(goes_on)))
    # Shape: (num_pieces,)
    firsts = np.repeat(begins, lengths)
    return np.stack([firsts, firsts + np.repeat(lengths, lengths) - 1], axis=1)


def _begins_unspaced(text: str, start: int) -> bool:
    """
    Return whether a piece may begin a word though nothing separates it from the one before.

    That is so if both are of a script without spaces. A combining mark belongs to the character
    before it.
    """
    if text.isascii() or start == 0:
        return False
    around = text[start - 1 : start + 1]
    return bool(_UNSPACED.fullmatch(around)) and not is_mark(around[1])
