"""No masking, for objectives that need none."""

from __future__ import annotations

import numpy as np

from spanbert_allen.data.pretraining.draws import Draws
from spanbert_allen.data.pretraining.masking.masking import BoolArray, IntArray, Masking, Rows


@Masking.register("spanbert_no_masking")
class NoMasking(Masking):
    """
    Choose nothing: for pre-training with other objectives alone.

    Registered as a `Masking` with name "spanbert_no_masking".
    """

    def __init__(self) -> None:
        super().__init__()

    def choose(self, rows: Rows, budgets: IntArray, draws: Draws) -> BoolArray:
        """See `Masking`."""
        return np.zeros_like(rows.starts_word)
