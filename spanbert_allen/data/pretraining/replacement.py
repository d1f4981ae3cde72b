"""What stands in the place of masked pieces: `[MASK]`, another piece, or the piece itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws, Purpose
from spanbert_allen.data.pretraining.runs import Runs

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """
    Replace masked pieces, by one decision for each span or for each piece.

    # Parameters

    mask_share : `float`, optional (default = `0.8`)
        How likely `[MASK]` is.
    random_share : `float`, optional (default = `0.1`)
        How likely a random piece is; it is drawn from the corpus, so that frequent pieces are drawn
        more often. Otherwise the piece stays as it is.
    by_span : `bool`, optional (default = `True`)
        Whether all pieces of a span meet with the same, as SpanBERT has it (Joshi et al. 2020,
        section 3.1), or each piece is decided for itself, as BERT has it.
    """

    mask_share: float = 0.8
    random_share: float = 0.1
    by_span: bool = True

    def __post_init__(self) -> None:
        """Raise a `ConfigError` for shares that are no probabilities."""
        if min(self.mask_share, self.random_share) < 0 or self.mask_share + self.random_share > 1:
            raise ConfigError(
                f"`mask_share` is {self.mask_share} and `random_share` {self.random_share}: they "
                "must be 0 or more, and no more than 1 together"
            )

    def __call__(
        self, ids: IntArray, runs: Runs, draws: Draws, corpus: IntArray, mask_id: int
    ) -> IntArray:
        """
        Return the pieces as the model sees them.

        # Parameters

        ids : `IntArray`
            The true pieces. Shape: (num_rows, longest)
        runs : `Runs`
            Which of them are masked.
        draws : `Draws`
            The random numbers.
        corpus : `IntArray`
            All pieces of the corpus. Shape: (num_pieces,)
        mask_id : `int`
            The id of `[MASK]`.

        # Returns

        `IntArray`
            Shape: (num_rows, longest)
        """
        # Shapes: (num_masked,)
        rows, pieces = runs.rows, runs.pieces
        deciding = runs.firsts if self.by_span else pieces
        decided = draws.uniform_at(Purpose.REPLACEMENT, rows, deciding)
        seen = ids.copy()
        is_mask = decided < self.mask_share
        seen[rows[is_mask], pieces[is_mask]] = mask_id
        is_random = ~is_mask & (decided < self.mask_share + self.random_share)
        rows, pieces = rows[is_random], pieces[is_random]
        drawn = draws.uniform_at(Purpose.RANDOM_PIECE, rows, pieces)
        seen[rows, pieces] = corpus[(drawn * len(corpus)).astype(np.int64)]
        return seen
