"""Spans of whole words with geometric lengths: SpanBERT's masking."""

from __future__ import annotations

import numpy as np

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws, FloatArray, Purpose
from spanbert_allen.data.pretraining.masking.chosen_pieces import ChosenPieces, mask_of, parts
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
        spans = RandomSpans(self, rows, budgets, draws)
        chosen = ChosenPieces.of(rows, budgets)
        for unfinished, numbers in parts(chosen, spans.at_once):
            for row, *of_row in zip(
                unfinished.tolist(), *spans.draw(unfinished, numbers), strict=True
            ):
                chosen[row].add_all(*of_row)
        return mask_of(chosen, rows)

    def words(self, drawn: FloatArray) -> IntArray:
        """
        Turn uniform random numbers into lengths of spans, in words.

        # Parameters

        drawn : `FloatArray`
            Of any shape, which is that of the result.
        """
        found = np.searchsorted(self._cumulated, drawn, side="right")
        return self._shortest + np.minimum(found, len(self._cumulated) - 1)

    @property
    def mean_words(self) -> float:
        """Return the mean length of a span in words."""
        return self._shortest + float(self.length_weights @ np.arange(len(self.length_weights)))


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


class RandomSpans:
    """
    The random spans of rows, in the order in which they are drawn.

    # Parameters

    lengths : `GeometricSpans`
        Gives the lengths of spans.
    rows : `Rows`
        The rows.
    budgets : `IntArray`
        How many pieces are to be chosen in each. Shape: (num_rows,)
    draws : `Draws`
        The random numbers.
    """

    def __init__(
        self, lengths: GeometricSpans, rows: Rows, budgets: IntArray, draws: Draws
    ) -> None:
        self._lengths, self._draws, self._pieces = lengths, draws, rows.lengths
        self._longest = rows.starts_word.shape[1]
        # The first pieces of all words, row behind row, and one behind all rows.
        # Shape: (num_words + 1,)
        self._word_starts = np.append(np.flatnonzero(rows.starts_word), rows.starts_word.size)
        self.at_once = int(1.2 * budgets.max(initial=0) / lengths.mean_words) + 3
        """A number of spans that uses up the budgets of most rows, some of which overlap."""

    def draw(self, rows: IntArray, numbers: IntArray) -> tuple[list[list[int]], ...]:
        """
        Draw spans.

        # Parameters

        rows : `IntArray`
            The rows. Shape: (num_chosen,)
        numbers : `IntArray`
            The numbers of the spans, which they follow from. Shape: (num_spans,)

        # Returns

        `tuple[list[list[int]], ...]`
            For each row and span the piece that was drawn, the first piece of the span, and the
            one behind its last.
        """
        draws, lengths = self._draws.of_rows(rows), self._pieces[rows, None]
        words = self._lengths.words(draws.uniform(Purpose.SPAN_LENGTH, numbers[None]))
        places = draws.uniform(Purpose.SPAN_ANCHOR, numbers[None])
        # Shapes: (num_chosen, num_spans)
        anchors = (places * lengths).astype(np.int64)
        offsets = rows[:, None] * self._longest
        first = np.searchsorted(self._word_starts, anchors + offsets, side="right") - 1
        behind = np.minimum(first + words, len(self._word_starts) - 1)
        starts = self._word_starts[first] - offsets
        # Behind the last word of a row there is the first one of the next.
        ends = np.minimum(self._word_starts[behind] - offsets, lengths)
        return anchors.tolist(), starts.tolist(), ends.tolist()
