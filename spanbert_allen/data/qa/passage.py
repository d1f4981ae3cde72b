"""A text to look for answers in: its words, its word pieces, and the characters of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

import numpy as np

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.pieces import BasicStep, PieceTokenizer

# Where the original cuts words: not at a no-break space, for one.
_WORD = re.compile("[^ \\t\\r\\n\\u202f]+")


@dataclass(frozen=True)
class Passage:
    """
    A text in words and pieces; questions on it share it.

    # Parameters

    text : `str`
        As given.
    word_chars : `IntArray`
        First character and end, which is outside, of each word. Shape: (num_words, 2)
    piece_ids : `IntArray`
        The vocabulary's number of each piece. Shape: (num_pieces,)
    piece_words : `IntArray`
        The word of each piece, never falling; a word may have none. Shape: (num_pieces,)
    piece_chars : `IntArray`
        First character and end, which is outside, of each piece. Shape: (num_pieces, 2)
    piece_text : `str`
        The pieces themselves, a space between them. One string, for its size: passages are sent
        from process to process.
    basic : `BasicStep`
        How the text was cut before it was cut into pieces.
    """

    text: str
    word_chars: IntArray
    piece_ids: IntArray
    piece_words: IntArray
    piece_chars: IntArray
    piece_text: str
    basic: BasicStep

    def __len__(self) -> int:
        """The number of pieces."""
        return len(self.piece_ids)

    def pieces(self) -> list[str]:
        """The pieces, cut out of `piece_text` anew."""
        return self.piece_text.split(" ") if len(self) else []

    def word(self, index: int) -> str:
        """A word."""
        start, end = self.word_chars[index]
        return self.text[start:end]

    def chars(self, first_piece: int, last_piece: int) -> CharSpan:
        """The characters from one piece to another, which is inside."""
        return CharSpan(int(self.piece_chars[first_piece, 0]), int(self.piece_chars[last_piece, 1]))


def make_passage(text: str, tokenizer: PieceTokenizer) -> Passage:
    """The passage of a text, each word cut into pieces by itself."""
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
