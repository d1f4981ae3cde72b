"""The part of a model of several tasks that a command is for."""

from __future__ import annotations

from typing import Any

from allennlp.data import DatasetReader
from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.models.multitask import SpanbertMultitask


def part_of(model: Any, reader: Any, task: str | None) -> tuple[Model, DatasetReader]:
    """
    Return the model and the reader of a task.

    # Parameters

    model, reader
        Those of an archive; with one task only they are returned themselves.
    task : `str`, optional
        What `--task` says; `ConfigError` if there is no such task, or it is needed and not given.
    """
    if not isinstance(model, SpanbertMultitask):
        if task is not None:
            raise ConfigError(f"--task is {task}, but the model has one task only: leave it out")
        return model, reader
    if task is None or task not in model.tasks:
        which = "several tasks" if task is None else f"no task {task!r}"
        raise ConfigError(
            f"the model has {which}: choose one with --task, which is {' or '.join(model.tasks)}"
        )
    return model.tasks[task], reader.reader_of(task)
