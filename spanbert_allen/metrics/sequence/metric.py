"""The scores of sequence classification as an AllenNLP metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric
from torch import Tensor, distributed

from spanbert_allen.compat.workers import is_idle
from spanbert_allen.metrics.sequence.glue_scores import (
    NAMES_OF_NUMBER_SCORES,
    class_scores,
    number_scores,
)

Row = tuple[str | None, float, float]
"""The part of the data, what was predicted, what is right."""


@Metric.register("spanbert_sequence_scores")
class SequenceScores(Metric):
    """
    Measure the scores of all data, or, where its parts have names, of each part.

    They are called `acc`, or `matched_acc` and `mismatched_acc`, for example. Workers keep what
    they have seen, and put it together when they are asked for scores.

    AllenNLP asks after every batch of an evaluation. Classes are counted, so that their scores cost
    the same however much was seen. Correlations need all the numbers that were seen: between two
    resets they may be those of eight ninths of the data, so that an evaluation computes them a few
    times, not once a batch.

    # Parameters

    scores : `list[str]`
        Names that `class_scores` takes, or `number_scores`.
    """

    supports_distributed = True

    def __init__(self, scores: Sequence[str]) -> None:
        self._scores = list(scores)
        self._are_of_numbers = not NAMES_OF_NUMBER_SCORES.isdisjoint(self._scores)
        self.reset()

    def __call__(
        self,
        predicted: Iterable[float],
        right: Iterable[float],
        parts: Iterable[str | None],
    ) -> None:
        """
        Count some texts.

        # Parameters

        predicted, right : `Iterable[float]`
            Numbers of classes, or numbers that were to be predicted. A class of -1 is one that the
            model does not know: whatever was predicted is wrong. Tensors of a GPU are read when
            scores are asked for.
        parts : `Iterable[str | None]`
            The part of the data that each belongs to.
        """
        if is_idle():
            return
        if isinstance(predicted, Tensor) and predicted.device.type != "cpu":
            self._waiting.append((predicted, right, list(parts)))
            return
        self._count(_numbers(predicted), _numbers(right), parts)

    def _count(
        self, predicted: Iterable[float], right: Iterable[float], parts: Iterable[str | None]
    ) -> None:
        rows = zip(parts, predicted, right, strict=True)
        if self._are_of_numbers:
            self._rows.extend(rows)
            return
        for part, one, other in rows:
            row = self._counts.setdefault(part, {}).setdefault(one, {})
            row[other] = row.get(other, 0) + 1

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """Return the scores so far, on all workers; with `reset` exactly those of all data."""
        for predicted, right, parts in self._waiting:
            self._count(_numbers(predicted), _numbers(right), parts)
        self._waiting.clear()
        if self._are_of_numbers:
            scores = self._scores_of_numbers(must_be_exact=reset)
        else:
            scores = self._scores_of_classes()
        if reset:
            self.reset()
        return scores

    def reset(self) -> None:
        """Forget what this worker has seen."""
        # Plain values, as a run that was stopped in an evaluation goes on with them.
        self._counts: dict[str | None, dict[float, dict[float, int]]] = {}
        self._rows: list[Row] = []
        self._latest: dict[str, float] | None = None
        self._num_at_latest = 0
        self._waiting: list[tuple[Any, Any, list[str | None]]] = []

    def _scores_of_classes(self) -> dict[str, float]:
        parts: dict[str | None, Counter[tuple[float, float]]] = {}
        for counts in _of_all_workers(self._counts):
            for part, table in counts.items():
                found = parts.setdefault(part, Counter())
                for predicted, row in table.items():
                    found.update({(predicted, right): count for right, count in row.items()})
        return _named(
            {
                part: class_scores(self._scores, counts)
                for part, counts in (parts or {None: Counter()}).items()
            }
        )

    def _scores_of_numbers(self, *, must_be_exact: bool) -> dict[str, float]:
        # All workers decide alike, from the number of all their rows, whether to go through them.
        num_rows = dist_reduce_sum(len(self._rows))
        is_near = 8 * num_rows < 9 * self._num_at_latest
        if self._latest is not None and (
            num_rows == self._num_at_latest or (is_near and not must_be_exact)
        ):
            return dict(self._latest)
        parts: dict[str | None, tuple[list[float], list[float]]] = {}
        for rows in _of_all_workers(self._rows):
            for part, predicted, right in rows:
                columns = parts.setdefault(part, ([], []))
                columns[0].append(predicted)
                columns[1].append(right)
        self._num_at_latest = num_rows
        self._latest = _named(
            {
                part: number_scores(self._scores, *columns)
                for part, columns in (parts or {None: ([], [])}).items()
            }
        )
        return dict(self._latest)


def _numbers(values: Iterable[float]) -> Iterable[float]:
    return values.tolist() if isinstance(values, Tensor) else values


def _of_all_workers(mine: Any) -> list[Any]:
    if not (distributed.is_available() and distributed.is_initialized()):
        return [mine]
    parts: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(parts, mine)
    return parts


def _named(by_part: dict[str | None, dict[str, float]]) -> dict[str, float]:
    return {
        name if part is None else f"{part}_{name}": score
        for part, scores in by_part.items()
        for name, score in scores.items()
    }
