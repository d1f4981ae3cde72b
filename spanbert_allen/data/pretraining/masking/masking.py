"""The contract of masking schemes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from allennlp.common import Registrable

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """
    Stretches of text to be masked, a row each, without special pieces.

    # Parameters

    lengths : `IntArray`
        The pieces of each row. Shape: (num_rows,)
    starts_word : `BoolArray`
        Whether a piece begins a word; the first piece of a row always does, and padding never.
        Shape: (num_rows, longest)
    tagged : `BoolArray`, optional (default = `None`)
        Which pieces belong to a tagged expression; false at padding. Shape: (num_rows, longest)
    may_be_masked : `BoolArray`, optional (default = `None`)
        Which pieces may be masked, if not all of them. Shape: (num_rows, longest)
    """

    lengths: IntArray
    starts_word: BoolArray
    tagged: BoolArray | None = None
    may_be_masked: BoolArray | None = None


class Masking(Registrable, ABC):
    """
    Choose the pieces of a block that the model has to predict.

    Exactly `ceil(rate * n)` of the n pieces of a row that may be masked are chosen.

    # Parameters

    rate : `float`, optional (default = `0.15`)
        The share of pieces to choose. Wettig et al. (2023) found 0.4 better for large encoders.
    final_rate : `float`, optional (default = `None`)
        The share at the end of training; the rate moves there in equal steps from epoch to epoch.
    """

    def __init__(self, *, rate: float = 0.15, final_rate: float | None = None) -> None:
        for name, value in (("rate", rate), ("final_rate", final_rate)):
            if value is not None and not 0 < value < 1:
                raise ConfigError(f"`{name}` of the masking is {value}: it must be between 0 and 1")
        self._rate, self._final_rate = rate, final_rate

    needs_tags = False
    """Whether `Rows.tagged` must be there."""

    @abstractmethod
    def choose(self, rows: Rows, budgets: IntArray, draws: Draws) -> BoolArray:
        """
        Choose pieces.

        # Parameters

        rows : `Rows`
            The rows.
        budgets : `IntArray`
            How many pieces to choose in each row. Shape: (num_rows,)
        draws : `Draws`
            The random numbers.

        # Returns

        `BoolArray`
            True for as many pieces as each budget says. Shape: (num_rows, longest)
        """

    def rate_at(self, progress: float) -> float:
        """Return the share of pieces to choose when this part of the epochs, 0 to 1, has passed."""
        if self._final_rate is None:
            return self._rate
        return self._rate + (self._final_rate - self._rate) * progress

    def __call__(self, rows: Rows, draws: Draws, progress: float = 0.0) -> BoolArray:
        """
        Choose pieces for a share of the training that has passed.

        # Parameters

        rows : `Rows`
            The rows.
        draws : `Draws`
            The random numbers.
        progress : `float`, optional (default = `0.0`)
            The part of the epochs that has passed, for `final_rate`.

        # Returns

        `BoolArray`
            Shape: (num_rows, longest)
        """
        may_be_masked = rows.may_be_masked
        sizes = rows.lengths if may_be_masked is None else may_be_masked.sum(axis=1)
        # A rate such as 0.15 is a little more than its decimals, which must not add a piece.
        budgets = np.ceil(sizes * self.rate_at(progress) - 1e-9).astype(np.int64)
        return self.choose(rows, np.minimum(budgets, sizes), draws)
