"""A record made ready for a model, before anything is computed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from allennlp.data import Instance

from spanbert_allen.predictors.record import Record


@dataclass(frozen=True)
class PreparedRecord:
    """
    Hold what a predictor makes of a record, so that its text is split into pieces only once.

    # Parameters

    record : `Record`
        The record.
    instances : `Sequence[Instance]`, optional (default = `()`)
        What goes through the model for it; most predictors make one, that of relations one for each
        pair of entities, or for each text with many pairs.
    pieces : `int`, optional (default = `0`)
        How many word pieces these have.
    asked : `Any`, optional (default = `None`)
        What the predictor needs besides to make a result of them.
    problem : `Exception`, optional (default = `None`)
        Why the record cannot be predicted, if it cannot.
    """

    record: Record
    instances: Sequence[Instance] = ()
    pieces: int = 0
    asked: Any = None
    problem: Exception | None = None
