"""Spans of whole words with geometric lengths: SpanBERT's masking."""

from __future__ import annotations

import numpy as np

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws, FloatArray, Purpose
from spanbert_allen.data.pretraining.masking.masking import BoolArray, IntArray, Masking, Rows


@Masking.register("spanbert_geometric_spans")
class GeometricSpans(Masking):
    """
    Choose spans of words until a budget of pieces is used up.

    This is the masking of Joshi et al. (2020), section 3.1. The length of a span in words has the
    weights p (1 - p) ** (length - shortest), renormalised over the lengths allowed: the paper's
    word "clip" stands for that, and not for counting longer spans as the longest. Its start is a
    piece drawn uniformly, moved to the beginning of its word; a start that is chosen already is
    drawn again, with its length. The last span ends where the budget does, be it inside of a word.

    Registered as a `Masking` with name "spanbert_geometric_spans".

    # Parameters

    p : `float`, optional (default = `0.2`)
        The parameter of the distribution.
    shortest, longest : `int`, optional (defaults = `1`, `10`)
        The lengths allowed, in words.
    rate, final_rate
        As for `Masking`.
    """

    def __init__(
        self,
        *,
        p: float = 0.2,
        shortest: int = 1,
        longest: int = 10,
        rate: float = 0.15,
        final_rate: float | None = None,
    ) -> None:
        super().__init__(rate=rate, final_rate=final_rate)
        if not 0 < p < 1:
            raise ConfigError(f"`p` of the masking is {p}: it must be between 0 and 1")
        if not 1 <= shortest <= longest:
            raise ConfigError(
                f"`shortest` and `longest` of the masking are {shortest} and {longest}: they must "
                "be 1 or more, and in this order"
            )
        self._shortest = shortest
        self.length_weights = length_weights(p, longest - shortest + 1)
        self._cumulated = self.length_weights.cumsum()

    def choose(self, rows: Rows, budgets: IntArray, draws: Draws) -> BoolArray:
        """See `Masking`."""
        chosen = ChosenPieces(rows, budgets)
        number = 0
        while (active := chosen.unfinished()).size:
            self.add_spans(chosen, active, draws, number)
            number += 1
        return chosen.mask

    def add_spans(self, chosen: ChosenPieces, active: IntArray, draws: Draws, number: int) -> None:
        """
        Draw one span for each of some rows.

        # Parameters

        chosen : `ChosenPieces`
            What is chosen so far; changed in place.
        active : `IntArray`
            The rows. Shape: (num_active,)
        draws : `Draws`
            The random numbers.
        number : `int`
            The number of this round.
        """
        # Shapes: (num_active,)
        drawn = draws.of_round(Purpose.SPAN_LENGTH, number)[active]
        words = self._shortest + np.searchsorted(self._cumulated, drawn, side="right").clip(
            max=len(self._cumulated) - 1
        )
        places = draws.of_round(Purpose.SPAN_ANCHOR, number)[active]
        anchors = (places * chosen.lengths[active]).astype(np.int64)
        is_free = ~chosen.mask[active, anchors]
        active, anchors, words = active[is_free], anchors[is_free], words[is_free]
        first = chosen.word_of[active, anchors]
        last = np.minimum(first + words, chosen.num_words[active])
        chosen.add(active, chosen.word_starts[active, first], chosen.word_starts[active, last])


@Masking.register("spanbert_whole_words")
class WholeWords(GeometricSpans):
    """
    Choose single words with all their pieces: spans of one word.

    Registered as a `Masking` with name "spanbert_whole_words".

    # Parameters

    rate, final_rate
        As for `Masking`.
    """

    def __init__(self, *, rate: float = 0.15, final_rate: float | None = None) -> None:
        super().__init__(longest=1, rate=rate, final_rate=final_rate)


def length_weights(p: float, num_lengths: int) -> FloatArray:
    """
    Return the probabilities of span lengths.

    # Parameters

    p : `float`
        The parameter of the geometric distribution.
    num_lengths : `int`
        How many lengths are allowed, the shortest first.

    # Returns

    `FloatArray`
        Shape: (num_lengths,)
    """
    weights = p * (1 - p) ** np.arange(num_lengths)
    normalised: FloatArray = weights / weights.sum()
    return normalised


class ChosenPieces:
    """
    The pieces chosen so far in each row, within budgets.

    # Parameters

    rows : `Rows`
        The rows.
    budgets : `IntArray`
        How many pieces may be chosen in each. Shape: (num_rows,)
    """

    def __init__(self, rows: Rows, budgets: IntArray) -> None:
        num_rows, longest = rows.starts_word.shape
        self.lengths = rows.lengths
        # Shape: (num_rows, longest)
        self.mask = np.zeros((num_rows, longest), np.bool_)
        self._left = budgets.copy()
        # The word of each piece. Shape: (num_rows, longest)
        self.word_of = rows.starts_word.cumsum(axis=1) - 1
        # Shape: (num_rows,)
        self.num_words = rows.starts_word.sum(axis=1)
        # The first piece of each word, and behind the last word the row's length.
        # Shape: (num_rows, most_words + 1)
        self.word_starts = np.repeat(rows.lengths[:, None], self.num_words.max() + 1, axis=1)
        places, pieces = rows.starts_word.nonzero()
        self.word_starts[places, self.word_of[places, pieces]] = pieces

    def unfinished(self) -> IntArray:
        """
        Return the rows whose budget is not used up.

        # Returns

        `IntArray`
            Shape: (num_unfinished,)
        """
        return self._left.nonzero()[0]

    def add(self, rows: IntArray, starts: IntArray, ends: IntArray) -> None:
        """
        Choose the pieces of a span in each of some rows, from the left, while the budget lasts.

        # Parameters

        rows : `IntArray`
            Different rows. Shape: (num_spans,)
        starts, ends : `IntArray`
            The first piece of each span, and the one behind its last. Shape: (num_spans,)
        """
        if not rows.size:
            return
        # Shape: (num_spans, widest)
        pieces = starts[:, None] + np.arange((ends - starts).max())
        inside = pieces < ends[:, None]
        pieces = np.minimum(pieces, self.mask.shape[1] - 1)
        new = inside & ~self.mask[rows[:, None], pieces]
        new &= new.cumsum(axis=1) <= self._left[rows, None]
        span, column = new.nonzero()
        self.mask[rows[span], pieces[span, column]] = True
        self._left[rows] -= new.sum(axis=1)
