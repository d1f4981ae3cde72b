"""Turn an annotated answer, given in characters, into the word pieces that a model learns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.formats.qa.question import Answer


def answer_words(passage: Passage, answer: Answer) -> WordSpan:
    """
    Return the words from an answer's first to its last character.

    White space belongs to the word before it; before the first word the index is -1. Raises a
    `ValueError` for an answer without a place.
    """
    if answer.start is None:
        raise ValueError("the answer has no place")
    starts = passage.word_chars[:, 0].tolist()
    first, last = (
        bisect_right(starts, place) - 1
        for place in (answer.start, answer.start + len(answer.text) - 1)
    )
    return WordSpan(first, last)


def is_found(passage: Passage, answer: Answer, words: WordSpan) -> bool:
    """
    Return whether an answer's text is in its words; the original trains on no other answers.

    The white space of the answer is collapsed, and the words have single spaces between them.
    """
    if words.start < 0:
        return False
    found = " ".join(passage.word(index) for index in range(words.start, words.end + 1))
    return " ".join(answer.text.split()) in found


def answer_pieces(
    passage: Passage, answer: Answer, words: WordSpan, tokenizer: PieceTokenizer
) -> PieceSpan | None:
    """
    Return the pieces of an answer.

    These are the pieces of its words, or the first stretch among them that has exactly the pieces
    of the answer's text by itself, so that `1887` of `1887-1889,` is found.

    # Parameters

    passage : `Passage`
        The context.
    answer : `Answer`
        The answer, with its place.
    words : `WordSpan`
        The words of the answer.
    tokenizer : `PieceTokenizer`
        The tokenizer that made the passage.

    # Returns

    `PieceSpan`, or `None` if the words have no pieces at all.
    """
    first = int(np.searchsorted(passage.piece_words, words.start, side="left"))
    last = int(np.searchsorted(passage.piece_words, words.end, side="right")) - 1
    if last < first:
        return None
    wanted = tokenizer.pieces_of(answer.text)
    start = _find(passage.piece_ids[first : last + 1].tolist(), wanted)
    if start is None:
        return PieceSpan(first, last)
    return PieceSpan(first + start, first + start + len(wanted) - 1)


def _find(pieces: Sequence[int], wanted: Sequence[int]) -> int | None:
    if not wanted:
        return None
    for start in range(len(pieces) - len(wanted) + 1):
        if tuple(pieces[start : start + len(wanted)]) == tuple(wanted):
            return start
    return None
