"""The metrics of an epoch, under AllenNLP's names."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from allennlp.common.util import peak_cpu_memory, peak_gpu_memory

if TYPE_CHECKING:
    from spanbert_allen.training.monitoring.run_state import RunState


def add_epoch_metrics(run: RunState, epoch: int) -> None:
    """
    Completes `run.metrics` at the end of an epoch: `epoch`, `training_duration`, `training_*` (the
    loss is the whole epoch's, other metrics count since the evaluation before the last), and peak
    memory. On several workers all must call it.

    # Parameters

    run : `RunState`
        Its training metrics have been taken.
    epoch : `int`
        From 0.
    """
    run.metrics["epoch"] = epoch
    run.metrics["training_duration"] = str(datetime.timedelta(seconds=run.seconds))
    training = {**run.training_metrics, **run.epoch_losses.means()}
    run.metrics.update({f"training_{name}": value for name, value in training.items()})
    peaks = {f"worker_{worker}": size for worker, size in peak_cpu_memory().items()}
    peaks |= {f"gpu_{gpu}": size for gpu, size in peak_gpu_memory().items()}
    for name, size in peaks.items():
        key = f"peak_{name}_memory_MB"
        run.metrics[key] = max(run.metrics.get(key, 0.0), size / 2**20)
