"""Choose the part of a long text that the model reads: a window around the two entities."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from spanbert_allen.common.spans import WordSpan


def words_around(
    subject: WordSpan,
    object: WordSpan,
    lengths: Sequence[int],
    sentence_ids: Sequence[int],
    room: int,
) -> tuple[WordSpan, ...]:
    """
    Return the words that are kept of a text in which there is not room for all.

    Both entities are always inside. Around them stand as many whole sentences as there is room
    for; where their own sentences are too long, as many words. Where the entities are too far
    apart, each gets a window of its own, and what is between the two is left out. An entity that
    is too long itself loses its last words.

    # Parameters

    subject, object : `WordSpan`
        The entities.
    lengths : `Sequence[int]`
        How many pieces each word needs.
    sentence_ids : `Sequence[int]`
        The sentence of each word.
    room : `int`
        The most pieces to keep.

    # Returns

    `tuple[WordSpan, ...]`
        One span of words, or two with a gap between them.
    """
    text = _Text(lengths, room)
    near, far = sorted((subject, object))
    both = WordSpan(near.start, max(near.end, far.end))
    if text.fits(both):
        first = bisect_left(sentence_ids, sentence_ids[both.start])
        last = bisect_right(sentence_ids, sentence_ids[both.end]) - 1
        if not text.fits(WordSpan(first, last)):
            return (text.grown(both, range(first, last + 2)),)
        starts = [
            number
            for number, sentence in enumerate(sentence_ids)
            if not number or sentence != sentence_ids[number - 1]
        ]
        return (text.grown(WordSpan(first, last), [*starts, len(lengths)]),)
    if far.start <= near.end:  # one entity lies in the other, or over its edge
        common = text.clipped(WordSpan(far.start, min(near.end, far.end)))
        return (text.grown(common, range(both.start, both.end + 2)),)
    half = _Text(lengths, room // 2)
    left = half.grown(half.clipped(near), range(far.start + 1))
    rest = _Text(lengths, room - text.length(left))
    right = rest.grown(rest.clipped(far), range(left.end + 1, len(lengths) + 1))
    if left.end + 1 == right.start:
        return (WordSpan(left.start, right.end),)
    return left, right


class _Text:
    """
    The lengths of a text's words, and the room for some of them.

    # Parameters

    lengths : `Sequence[int]`
        How many pieces each word needs.
    room : `int`
        The most pieces to keep.
    """

    def __init__(self, lengths: Sequence[int], room: int) -> None:
        self._before = [0, *accumulate(lengths)]
        self._room = room

    def length(self, words: WordSpan) -> int:
        """Return how many pieces the words need."""
        return self._before[words.end + 1] - self._before[words.start]

    def fits(self, words: WordSpan) -> bool:
        """Return whether there is room for the words."""
        return self.length(words) <= self._room

    def clipped(self, words: WordSpan) -> WordSpan:
        """Return the first of the words, as many as there is room for and at least one."""
        most = self._before[words.start] + self._room
        end = bisect_right(self._before, most, words.start + 1, words.end + 2) - 2
        return WordSpan(words.start, max(words.start, end))

    def grown(self, words: WordSpan, starts: Sequence[int]) -> WordSpan:
        """
        Return the words with as many units before and behind them as there is room for.

        # Parameters

        words : `WordSpan`
            They begin and end with a unit.
        starts : `Sequence[int]`
            Where each unit begins, such as a sentence; the last number is where the last one ends.
        """
        first = bisect_left(starts, words.start)
        behind = bisect_left(starts, words.end + 1)
        spent = [0, 0]
        open_sides = {0, 1}
        while open_sides:
            side = min(open_sides, key=lambda one: spent[one])
            wider = (first - 1, behind) if side == 0 else (first, behind + 1)
            if wider[0] < 0 or wider[1] >= len(starts):
                open_sides.remove(side)
                continue
            grown = WordSpan(starts[wider[0]], starts[wider[1]] - 1)
            if not self.fits(grown):
                open_sides.remove(side)
                continue
            spent[side] += self.length(grown) - self.length(words)
            first, behind = wider
            words = grown
        return words
