"""The scores of relation classification as an AllenNLP metric."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from allennlp.training.metrics import Metric
from torch import Tensor, distributed

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.workers import is_idle
from spanbert_allen.metrics.relation.scores import (
    Confusion,
    accuracy,
    label_scores,
    micro_score,
)
from spanbert_allen.metrics.relation.semeval_scores import semeval_macro

logger = logging.getLogger(__name__)

SCORERS = ("tacred", "semeval2010")
_UNKNOWN = "(a label that the model does not know)"


@Metric.register("spanbert_relation_scores")
class RelationScores(Metric):
    """
    Measure `precision`, `recall` and `f1` as TACRED is scored, and `accuracy`, from 0 to 1.

    The first three are those of all labels but the negative one together. Workers count their own
    examples, and add the counts up when they are asked for scores.

    # Parameters

    labels : `Sequence[str]`
        The labels by their numbers.
    negative_label : `str`, optional (default = `None`)
        The label for no relation.
    scorer : `str`, optional (default = `"tacred"`)
        `semeval2010` adds `macro_precision`, `macro_recall` and `macro_f1`, the official score of
        SemEval-2010 Task 8.
    by_label : `bool`, optional (default = `False`)
        Whether to add precision, recall and F1 of each label.
    """

    supports_distributed = True
    _counts: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        *,
        negative_label: str | None = None,
        scorer: str = "tacred",
        by_label: bool = False,
    ) -> None:
        if scorer not in SCORERS:
            raise ConfigError(f"model.scorer: {scorer!r} is neither {' nor '.join(SCORERS)}")
        self._labels = tuple(labels)
        self._negative = negative_label
        self._scorer = scorer
        self._by_label = by_label
        self.reset()

    def __call__(self, predicted: Tensor, gold: Tensor, is_example: Tensor | None = None) -> None:
        """
        Count some examples.

        # Parameters

        predicted, gold : `Tensor`
            The numbers of labels. A negative one of `gold` is a label that the model does not know:
            whatever was predicted is wrong. Shape: (batch_size,)
        is_example : `Tensor`, optional (default = `None`)
            False for padding, which is not counted. Shape: (batch_size,)
        """
        if is_idle():
            return
        size = len(self._labels)
        # Shape: (batch_size,)
        rows = gold.detach().long()
        # Shape: (batch_size,); unknown labels have the last row
        rows = rows.where(rows >= 0, size)
        # Shape: (batch_size,)
        pairs = rows * size + predicted.detach().long()
        # Shape: ((num_labels + 1) * num_labels,). They stay where the model is until asked for.
        each = torch.ones_like(pairs) if is_example is None else is_example.to(pairs.dtype)
        counts = pairs.new_zeros((size + 1) * size).index_add_(0, pairs, each)
        self._counts = self._counts.to(counts.device) + counts.view(size + 1, size)

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """Return the scores of all examples so far, on all workers."""
        confusion = self._confusion()
        if reset:
            self._warn_of_unknown(confusion)
            self.reset()
        micro = micro_score(confusion, self._negative)
        scores = {
            "precision": micro.precision,
            "recall": micro.recall,
            "f1": micro.f1,
            "accuracy": accuracy(confusion),
        }
        if self._scorer == "semeval2010":
            names = ("macro_precision", "macro_recall", "macro_f1")
            scores |= zip(names, semeval_macro(confusion, self._negative), strict=True)
        if self._by_label:
            found = label_scores(confusion)
            for label in self._labels:
                for name in ("precision", "recall", "f1"):
                    value = getattr(found[label], name) if label in found else 0.0
                    scores[f"{label}_{name}"] = value
        return scores

    def reset(self) -> None:
        """Forget all examples of this worker."""
        self._counts = torch.zeros(len(self._labels) + 1, len(self._labels), dtype=torch.long)

    def _warn_of_unknown(self, confusion: Confusion) -> None:
        unknown = sum(count for (gold, _), count in confusion.items() if gold == _UNKNOWN)
        if unknown:
            logger.warning(
                "%d of %d examples have a label that the model does not know: they are mistakes",
                unknown,
                sum(confusion.values()),
            )

    def _confusion(self) -> Confusion:
        counts = self._counts.cpu()
        if distributed.is_available() and distributed.is_initialized():
            parts: list[Any] = [None] * distributed.get_world_size()
            distributed.all_gather_object(parts, counts)
            counts = torch.stack(parts).sum(0)
        return {
            (gold, predicted): count
            for gold, row in zip((*self._labels, _UNKNOWN), counts.tolist(), strict=True)
            for predicted, count in zip(self._labels, row, strict=True)
            if count
        }
