"""Evaluations in the midst of an epoch, for AllenNLP's logging callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allennlp.training.callbacks import TrainerCallback
from allennlp.training.callbacks.log_writer import LogWriterCallback


def log_evaluation(callbacks: Sequence[TrainerCallback], entry: dict[str, Any]) -> None:
    """
    Give an evaluation to TensorBoard, Weights & Biases or the like, by the number of updates, as
    `validation/by_update/...`. AllenNLP itself gives them the last of each epoch, by its number.

    # Parameters

    callbacks : `Sequence[TrainerCallback]`
        The trainer's; those that write no logs are passed over.
    entry : `dict[str, Any]`
        As `RunHistory` has it.
    """
    numbers = {
        f"by_update/{name}": value
        for name, value in entry["validation"].items()
        if isinstance(value, (int, float))
    }
    for callback in callbacks:
        if isinstance(callback, LogWriterCallback):
            callback.log_scalars(numbers, log_prefix="validation")
