"""How often something is right in training, counted where the model is."""

from __future__ import annotations

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric
from torch import Tensor

from spanbert_allen.compat.workers import is_idle


class RunningShare(Metric):
    """
    Measure how often something is so.

    Counts stay on the device until somebody asks: reading them after every batch would make a GPU
    wait. Workers count their own examples, and add the counts up when they are asked.
    """

    supports_distributed = True

    def __init__(self) -> None:
        self._correct_count: Tensor | float = 0.0
        self._total_count = 0.0

    def __call__(self, is_so: Tensor) -> None:
        """
        Count some examples.

        # Parameters

        is_so : `Tensor`
            Shape: (batch_size,), boolean
        """
        if is_idle():
            return
        before = self._correct_count
        if isinstance(before, Tensor):  # of the CPU after a restart
            before = before.to(is_so.device)
        self._correct_count = is_so.detach().sum(dtype=torch.float64) + before
        self._total_count += is_so.numel()

    def get_metric(self, reset: bool = False) -> float:
        """Return the share of all examples so far, on all workers; 0 without any."""
        # Shape: (2,)
        counts = dist_reduce_sum(
            torch.tensor([float(self._correct_count), self._total_count], dtype=torch.float64)
        )
        if reset:
            self.reset()
        correct, total = counts.tolist()
        return correct / total if total else 0.0

    def reset(self) -> None:
        """Forget all examples of this worker."""
        self._correct_count, self._total_count = 0.0, 0.0
