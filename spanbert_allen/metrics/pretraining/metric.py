"""Losses and accuracies of the objectives of pre-training."""

from __future__ import annotations

import math

import torch
from allennlp.common.util import is_distributed
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric
from torch import Tensor, distributed

from spanbert_allen.compat.workers import is_idle

_LOSS, _CORRECT, _COUNT = range(3)


@Metric.register("spanbert_pretraining")
class PretrainingScores(Metric):
    """
    Sum up losses and right predictions, by objective and by masking scheme.

    All values are means over targets, not over batches. Sums are put together over all workers.

    # Parameters

    objectives : `tuple[str, ...]`
        The objectives that are counted, such as `mlm` and `sbo`.
    """

    supports_distributed = True

    def __init__(self, objectives: tuple[str, ...]) -> None:
        self._objectives = objectives
        # By objective and masking scheme: plain values, which checkpoints keep. Each of shape (3,).
        self._sums: dict[str, dict[str, Tensor]] = {}

    def __call__(self, objective: str, masking: str, losses: Tensor, correct: Tensor) -> None:
        """
        Count the targets of a batch.

        # Parameters

        objective : `str`
            One of the objectives.
        masking : `str`
            The name of the masking scheme.
        losses : `Tensor`
            The loss of each target in nats. Shape: (num_targets,)
        correct : `Tensor`
            Whether the target is predicted. Shape: (num_targets,)
        """
        if is_idle():
            return
        # They stay where the model is until they are asked for. Shape: (3,)
        sums = torch.stack(
            [
                losses.detach().double().sum(),
                correct.double().sum(),
                losses.new_full((), losses.numel(), dtype=torch.float64),
            ]
        )
        found = self._sums.setdefault(objective, {})
        found[masking] = found[masking].to(sums.device) + sums if masking in found else sums

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """
        Return the means so far.

        # Parameters

        reset : `bool`, optional (default = `False`)
            Whether to begin anew.

        # Returns

        `dict[str, float]`
            For each objective `<objective>_loss` in nats, `_bits`, `_perplexity` and `_accuracy`,
            over all maskings; and where there are several, each with the masking's name behind it.
        """
        known = {
            (objective, masking): sums.cpu()
            for objective, by_masking in self._sums.items()
            for masking, sums in by_masking.items()
        }
        names = self._masking_names()
        metrics: dict[str, float] = {}
        for objective in self._objectives:
            total = torch.zeros(3, dtype=torch.float64)
            for name in names:
                sums = dist_reduce_sum(
                    known.get((objective, name), torch.zeros(3, dtype=torch.float64))
                ).cpu()  # NCCL adds up on the GPU
                total = total + sums
                if len(names) > 1:
                    metrics |= _means(objective, sums, f"_{name}")
            metrics |= _means(objective, total, "")
        if reset:
            self.reset()
        return metrics

    def _masking_names(self) -> list[str]:
        """Return the names that any worker has seen, so that all add up the same sums."""
        names = {masking for by_masking in self._sums.values() for masking in by_masking}
        if is_distributed():
            of_workers: list[set[str]] = [set()] * distributed.get_world_size()
            distributed.all_gather_object(of_workers, names)
            names = set().union(*of_workers)
        return sorted(names)

    def reset(self) -> None:
        """Forget what was counted."""
        self._sums = {}


def _means(objective: str, sums: Tensor, suffix: str) -> dict[str, float]:
    count = max(1.0, sums[_COUNT].item())
    loss = sums[_LOSS].item() / count
    return {
        f"{objective}_loss{suffix}": loss,
        f"{objective}_bits{suffix}": loss / math.log(2),
        f"{objective}_perplexity{suffix}": math.exp(min(loss, 700.0)),
        f"{objective}_accuracy{suffix}": sums[_CORRECT].item() / count,
    }
