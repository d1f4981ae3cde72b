"""What a run reports: `evaluations.jsonl`, metrics of epochs, and values for log writers."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allennlp.common.util import peak_cpu_memory, peak_gpu_memory
from allennlp.training.callbacks import TrainerCallback
from allennlp.training.callbacks.log_writer import LogWriterCallback

from spanbert_allen.common.files import replace_file
from spanbert_allen.training.monitoring.run_state import RunState

FILE_NAME = "evaluations.jsonl"


class RunHistory:
    """
    Keep the evaluations of a run in order, in memory and in `evaluations.jsonl`.

    The file is replaced as a whole at each evaluation, so it never ends in half a line, and after a
    restart it holds what the checkpoint holds.

    An evaluation has `update` (the number of updates made before it), `epoch` (from 0), `seconds`
    (since the run began), `speed` (of the training since the evaluation before, as in `Speed`),
    `learning_rates` (of the last update, by parameter group), `training` and `validation` (metrics)
    and `best` (whether it was the best so far).

    # Parameters

    folder : `str`, optional
        The folder of the file; `None` for workers that write nothing.
    """

    def __init__(self, folder: str | None) -> None:
        self._path = None if folder is None else Path(folder) / FILE_NAME
        self.entries: list[dict[str, Any]] = []

    def add(self, entry: dict[str, Any]) -> None:
        """
        Add an evaluation and write the file.

        # Parameters

        entry : `dict[str, Any]`
            Numbers, texts, and dicts of them; numbers that are not finite become null in the file.
        """
        self.entries.append(entry)
        self._write()

    def state_dict(self) -> dict[str, Any]:
        """Return the state for `load_state_dict`."""
        return {"entries": [dict(entry) for entry in self.entries]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Replace the evaluations, in the file too, by those of a state."""
        self.entries = list(state["entries"])
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        with replace_file(self._path) as file:
            for entry in self.entries:
                file.write(json.dumps(_finite(entry), allow_nan=False) + "\n")


def add_epoch_metrics(run: RunState, epoch: int) -> None:
    """
    Complete `run.metrics` at the end of an epoch, under AllenNLP's names.

    They are `epoch`, `training_duration`, `training_*` and the peak memory. The training loss is
    that of the whole epoch; other training metrics count from the evaluation before the last. On
    several workers all must call this.

    # Parameters

    run : `RunState`
        Its training metrics have been taken.
    epoch : `int`
        From 0.
    """
    run.metrics["epoch"] = epoch
    run.metrics["training_duration"] = str(datetime.timedelta(seconds=run.seconds))
    training = {**run.training_metrics, **run.epoch_losses.means()}
    training |= run.speed
    run.metrics.update({f"training_{name}": value for name, value in training.items()})
    peaks = {f"worker_{worker}": size for worker, size in peak_cpu_memory().items()}
    peaks |= {f"gpu_{gpu}": size for gpu, size in peak_gpu_memory().items()}
    for name, size in peaks.items():
        key = f"peak_{name}_memory_MB"
        run.metrics[key] = max(run.metrics.get(key, 0.0), size / 2**20)


def log_evaluation(callbacks: Sequence[TrainerCallback], entry: dict[str, Any]) -> None:
    """
    Give an evaluation to the callbacks that write logs for TensorBoard or Weights & Biases.

    It appears as `validation/by_update/...`, by the number of updates. AllenNLP itself logs only
    the last evaluation of each epoch, by the number of the epoch.

    # Parameters

    callbacks : `Sequence[TrainerCallback]`
        Those of the trainer; other callbacks are skipped.
    entry : `dict[str, Any]`
        An evaluation, as `RunHistory` keeps it.
    """
    numbers = {
        f"by_update/{name}": value
        for name, value in entry["validation"].items()
        if isinstance(value, (int, float))
    }
    for callback in callbacks:
        if isinstance(callback, LogWriterCallback):
            callback.log_scalars(numbers, log_prefix="validation")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
