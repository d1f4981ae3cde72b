"""Spans that a tagger has found, such as entities or noun phrases."""

from __future__ import annotations

import numpy as np

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws, Purpose
from spanbert_allen.data.pretraining.masking.chosen_pieces import (
    ChosenPieces,
    mask_of,
    parts,
    to_bits,
)
from spanbert_allen.data.pretraining.masking.geometric_spans import GeometricSpans, RandomSpans
from spanbert_allen.data.pretraining.masking.masking import BoolArray, IntArray, Masking, Rows


@Masking.register("spanbert_tagged_spans")
class TaggedSpans(Masking):
    """
    Choose tagged expressions and random spans by turns.

    These are the arms "named entities" and "noun phrases" of Joshi et al. (2020), section 6.1.
    Each round takes a tagged expression of the row, drawn uniformly, with the probability
    `tagged_share`, and else a random span. An expression that is chosen already adds nothing. In a
    row without tags, or whose expressions are all chosen, every round takes a random span.

    Registered as a `Masking` with name "spanbert_tagged_spans".

    # Parameters

    tagged_share : `float`, optional (default = `0.5`)
        How likely a round takes a tagged expression.
    p : `float`, optional (default = `0.4`)
        Of the random spans; see `GeometricSpans`. The original's runs of these arms used 0.4.
    shortest, longest : `int`, optional (defaults = `1`, `10`)
        The lengths of random spans, in words.
    rate, final_rate
        As for `Masking`.
    """

    needs_tags = True

    def __init__(
        self,
        *,
        tagged_share: float = 0.5,
        p: float = 0.4,
        shortest: int = 1,
        longest: int = 10,
        rate: float = 0.15,
        final_rate: float | None = None,
    ) -> None:
        super().__init__(rate=rate, final_rate=final_rate)
        if not 0 <= tagged_share <= 1:
            raise ConfigError(
                f"`tagged_share` of the masking is {tagged_share}: it must be between 0 and 1"
            )
        self._tagged_share = tagged_share
        self._spans = GeometricSpans(p=p, shortest=shortest, longest=longest, rate=rate)

    def choose(self, rows: Rows, budgets: IntArray, draws: Draws) -> BoolArray:
        """See `Masking`."""
        if rows.tagged is None:
            raise ConfigError("the masking spanbert_tagged_spans needs `tags` of the reader")
        spans = RandomSpans(self._spans, rows, budgets, draws)
        chosen = ChosenPieces.of(rows, budgets)
        tagged = to_bits(rows.tagged)
        # Behind the row: what is free of an expression is chosen, whatever else of it is not.
        nowhere = rows.tagged.shape[1]
        starts, ends, counts = (table.tolist() for table in _runs(rows.tagged))
        for unfinished, numbers in parts(chosen, 2 * spans.at_once):
            drawn = draws.of_rows(unfinished)
            turns = drawn.uniform(Purpose.CANDIDATE_OR_SPAN, numbers[None]) < self._tagged_share
            which = drawn.uniform(Purpose.CANDIDATE, numbers[None])
            for row, *of_row in zip(
                unfinished.tolist(),
                turns.tolist(),
                which.tolist(),
                *spans.draw(unfinished, numbers),
                strict=True,
            ):
                pieces = chosen[row]
                for takes_tagged, place, *span in zip(*of_row, strict=True):
                    if takes_tagged and pieces.can_add(tagged[row]):
                        one = int(place * counts[row])
                        pieces.add_all((nowhere,), (starts[row][one],), (ends[row][one],))
                    else:
                        pieces.add_all(*([one] for one in span))
                    if not pieces.left:
                        break
        return mask_of(chosen, rows)


def _runs(tagged: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """
    Find the runs of tagged pieces in each row.

    # Returns

    `tuple[IntArray, IntArray, IntArray]`
        The first piece of each run and the piece behind its last, of shape (num_rows, most_runs),
        and the number of runs, of shape (num_rows,).
    """
    padded = np.pad(tagged, ((0, 0), (1, 1)))
    begins = padded[:, 1:] & ~padded[:, :-1]
    stops = ~padded[:, 1:] & padded[:, :-1]
    counts = begins.sum(axis=1)
    # Shapes: (num_rows, most_runs)
    starts = np.zeros((len(tagged), max(1, int(counts.max(initial=0)))), np.int64)
    ends = np.zeros_like(starts)
    for target, marks in ((starts, begins), (ends, stops)):
        row, piece = marks.nonzero()
        target[row, (marks.cumsum(axis=1) - 1)[row, piece]] = piece
    return starts, ends, counts
