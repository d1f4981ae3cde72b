"""The scores of texts that may have any number of labels, as an AllenNLP metric."""

from __future__ import annotations

from typing import Any

import torch
from allennlp.training.metrics import Metric
from torch import Tensor, distributed

from spanbert_allen.compat.workers import is_idle
from spanbert_allen.metrics.label_score import LabelScore, mean_score


@Metric.register("spanbert_label_set_scores")
class LabelSetScores(Metric):
    """
    Measure `acc`, `micro_f1` and `macro_f1`, from 0 to 1.

    `acc` is the part of the texts all of whose labels are right, `micro_f1` the F1 of all labels
    together, and `macro_f1` the mean of the F1 of the labels that are predicted or right somewhere.
    Labels that the model does not know are mistakes in all three: they are never found, and all of
    them together are one more label of the mean.
    Workers count their own texts, and add the counts up when they are asked for scores.

    # Parameters

    num_labels : `int`
        How many labels there are.
    """

    supports_distributed = True
    _counts: Tensor
    _texts: Tensor

    def __init__(self, num_labels: int) -> None:
        self._num_labels = num_labels
        self.reset()

    def __call__(self, predicted: Tensor, gold: Tensor, num_unseen: Tensor | None = None) -> None:
        """
        Count some texts.

        # Parameters

        predicted, gold : `Tensor`
            Whether a text has a label. Shape: (batch_size, num_labels)
        num_unseen : `Tensor`, optional (default = `None`)
            How many right labels of a text the model does not know. Shape: (batch_size,)
        """
        if is_idle():
            return
        found, right = predicted.detach().bool(), gold.detach().bool()
        # Shape: (batch_size,)
        unseen = torch.zeros(len(right), dtype=torch.long, device=right.device)
        if num_unseen is not None:
            unseen = num_unseen.detach()
        # Counts stay where the model is until they are asked for. Shape: (3, num_labels + 1)
        counts = torch.zeros(3, self._num_labels + 1, dtype=torch.long, device=right.device)
        counts[:, :-1] = torch.stack([found & right, found, right]).sum(1)
        counts[2, -1] = unseen.sum()
        self._counts = self._counts.to(counts.device) + counts
        is_right = (found == right).all(-1) & (unseen == 0)
        # Shape: (2,)
        texts = torch.stack([is_right.sum(), torch.ones_like(is_right).sum()])
        self._texts = self._texts.to(texts.device) + texts

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """Return the scores of all texts so far, on all workers, from 0 to 1."""
        counts, texts = self._counts.cpu(), self._texts.cpu()
        if distributed.is_available() and distributed.is_initialized():
            parts: list[Any] = [None] * distributed.get_world_size()
            distributed.all_gather_object(parts, (counts, texts))
            counts, texts = (torch.stack(some).sum(0) for some in zip(*parts, strict=True))
        if reset:
            self.reset()
        scores = [LabelScore(*column) for column in counts.T.tolist() if any(column)]
        num_right, num_texts = texts.tolist()
        return {
            "acc": num_right / num_texts if num_texts else 0.0,
            "micro_f1": LabelScore(*counts.sum(1).tolist()).f1,
            "macro_f1": mean_score(scores)[2],
        }

    def reset(self) -> None:
        """Forget all texts of this worker."""
        # Found rightly, found, right; the last column is for labels that the model does not know.
        # Shape: (3, num_labels + 1)
        self._counts = torch.zeros(3, self._num_labels + 1, dtype=torch.long)
        self._texts = torch.zeros(2, dtype=torch.long)
