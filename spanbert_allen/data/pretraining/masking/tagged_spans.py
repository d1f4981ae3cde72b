"""Spans that a tagger has found, such as entities or noun phrases."""

from __future__ import annotations

from typing import NamedTuple

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
        expressions = _expressions(rows.tagged)
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
                _take_turns(chosen[row], expressions[row], *of_row)
        return mask_of(chosen, rows)


class _Expressions(NamedTuple):
    """The tagged expressions of a row: all of their pieces as bits, and the ends of each."""

    bits: int
    starts: list[int]
    ends: list[int]


def _take_turns(
    pieces: ChosenPieces,
    expressions: _Expressions,
    turns: list[bool],
    which: list[float],
    *spans: list[int],
) -> None:
    """
    Add an expression or a random span in each turn, while the budget lasts.

    # Parameters

    pieces : `ChosenPieces`
        What is chosen in the row; changed in place.
    expressions : `_Expressions`
        The expressions of the row.
    turns, which : `list`
        Whether a turn is an expression's, and the place of the expression among all, from 0 to 1.

    The rest are the random spans; see `RandomSpans.draw`.
    """
    for is_tagged, place, *span in zip(turns, which, *spans, strict=True):
        if is_tagged and pieces.can_add(expressions.bits):
            one = int(place * len(expressions.starts))
            pieces.add_rest(expressions.starts[one], expressions.ends[one])
        else:
            pieces.add_all(*([one] for one in span))
        if not pieces.left:
            return


def _expressions(tagged: BoolArray) -> list[_Expressions]:
    """Find the runs of tagged pieces in each row."""
    edges = np.diff(np.pad(tagged, ((0, 0), (1, 1))).view(np.int8), axis=1)
    found = [_Expressions(bits, [], []) for bits in to_bits(tagged)]
    for row, place, edge in zip(*edges.nonzero(), edges[edges != 0], strict=True):
        (found[row].starts if edge > 0 else found[row].ends).append(int(place))
    return found
