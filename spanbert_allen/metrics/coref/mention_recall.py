"""Measure how many annotated mentions survive the pruning of spans."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from spanbert_allen.compat.workers import is_idle


@Metric.register("spanbert_mention_recall")
class MentionRecall(Metric):
    """
    Measure the share of annotated mentions among the spans that a model keeps as candidates.

    It is the most that the model's clusters can find. Summed over workers as `CorefF1` is.
    """

    supports_distributed = True

    def __init__(self) -> None:
        self._found = 0
        self._mentions = 0

    def __call__(
        self, kept: Sequence[Iterable[Hashable]], gold: Sequence[Iterable[Hashable]]
    ) -> None:
        """
        Count some documents.

        # Parameters

        kept : `Sequence[Iterable[Hashable]]`
            The kept spans of each document.
        gold : `Sequence[Iterable[Hashable]]`
            The annotated mentions of each document, in the same unit and without padding.
        """
        if len(kept) != len(gold):
            raise ValueError(f"{len(kept)} documents with kept spans, but {len(gold)} annotated")
        if is_idle():
            return
        for spans, mentions in zip(kept, gold, strict=True):
            distinct = set(mentions)
            self._found += len(distinct.intersection(spans))
            self._mentions += len(distinct)

    def get_metric(self, reset: bool = False) -> float:
        """Return the recall over all documents so far, on all workers; 0 without mentions."""
        # Shape: (2,)
        counts = dist_reduce_sum(torch.tensor([self._found, self._mentions], dtype=torch.float64))
        if reset:
            self.reset()
        found, mentions = counts.tolist()
        return found / mentions if mentions else 0.0

    def reset(self) -> None:
        """Forget all documents of this worker."""
        self._found = self._mentions = 0
