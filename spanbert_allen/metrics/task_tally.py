"""Which tasks of a model have been at work, on any worker."""

from __future__ import annotations

from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from spanbert_allen.compat.workers import is_idle


class TaskTally(Metric):
    """
    Count the batches of each task.

    # Parameters

    tasks : `list[str]`
        The names of the tasks.
    """

    supports_distributed = True

    def __init__(self, tasks: list[str]) -> None:
        self._counts = dict.fromkeys(tasks, 0)

    def __call__(self, task: str) -> None:
        """Count a batch of a task."""
        if not is_idle():
            self._counts[task] += 1

    def get_metric(self, reset: bool = False) -> dict[str, int]:
        """Return the number of batches of each task, on all workers."""
        counts = {task: int(dist_reduce_sum(count)) for task, count in self._counts.items()}
        if reset:
            self.reset()
        return counts

    def reset(self) -> None:
        """Forget all batches of this worker."""
        self._counts = dict.fromkeys(self._counts, 0)
