"""The scores of sequence classification as an AllenNLP metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from allennlp.training.metrics import Metric
from torch import distributed

from spanbert_allen.metrics.glue_scores import glue_scores
from spanbert_allen.metrics.idle import is_idle

Row = tuple[str | None, float, float]
"""The part of the data, what was predicted, what is right."""


@Metric.register("spanbert_sequence_scores")
class SequenceScores(Metric):
    """
    Scores over all data, or, where parts of it have names, over each part: `acc`, or
    `matched_acc` and `mismatched_acc`. Workers keep what they have seen, and put it together when
    asked.

    # Parameters

    scores : `list[str]`
        Names of `glue_scores`.
    """

    supports_distributed = True

    def __init__(self, scores: Sequence[str]) -> None:
        self._scores = list(scores)
        # Plain values, as a run that was stopped in an evaluation goes on with them.
        self._rows: list[Row] = []

    def __call__(
        self,
        predicted: Iterable[float],
        right: Iterable[float],
        parts: Iterable[str | None],
    ) -> None:
        """
        Counts some instances.

        # Parameters

        predicted, right : `Iterable[float]`
            Numbers of classes, or numbers that were to be predicted.
        parts : `Iterable[str | None]`
            The part of the data that each belongs to.
        """
        if not is_idle():
            self._rows.extend(zip(parts, predicted, right, strict=True))

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The scores so far, on all workers, as fractions."""
        rows = self._gathered()
        if reset:
            self.reset()
        parts: dict[str | None, list[Row]] = {}
        for row in rows:
            parts.setdefault(row[0], []).append(row)
        result: dict[str, float] = {}
        for part, some in (parts or {None: []}).items():
            prefix = "" if part is None else f"{part}_"
            scores = glue_scores(self._scores, [row[1] for row in some], [row[2] for row in some])
            result |= {prefix + name: score for name, score in scores.items()}
        return result

    def reset(self) -> None:
        """Forgets what this worker has seen."""
        self._rows = []

    def _gathered(self) -> list[Row]:
        if not (distributed.is_available() and distributed.is_initialized()):
            return self._rows
        parts: list[Any] = [None] * distributed.get_world_size()
        distributed.all_gather_object(parts, self._rows)
        return list(chain.from_iterable(parts))
