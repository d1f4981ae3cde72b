"""Single word pieces, as BERT masks them."""

from __future__ import annotations

import numpy as np

from spanbert_allen.data.pretraining.draws import Draws, Purpose
from spanbert_allen.data.pretraining.masking.masking import BoolArray, IntArray, Masking, Rows


@Masking.register("spanbert_subwords")
class Subwords(Masking):
    """
    Choose single pieces, each as likely as any other (Devlin et al. 2019, section 3.1).

    Registered as a `Masking` with name "spanbert_subwords".

    # Parameters

    rate, final_rate
        As for `Masking`.
    """

    def choose(self, rows: Rows, budgets: IntArray, draws: Draws) -> BoolArray:
        """See `Masking`."""
        # Shape: (1, longest)
        positions = np.arange(rows.starts_word.shape[1])[None]
        # Shape: (num_rows, longest)
        keys = draws.uniform(Purpose.POSITION, positions)
        keys[positions >= rows.lengths[:, None]] = np.inf
        if rows.may_be_masked is not None:
            keys[~rows.may_be_masked] = np.inf
        order = keys.argsort(axis=1)
        chosen = np.zeros_like(rows.starts_word)
        np.put_along_axis(chosen, order, positions < budgets[:, None], axis=1)
        return chosen
