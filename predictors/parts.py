"""The part of a model of several tasks that a predictor is for."""

from __future__ import annotations

from allennlp.data import DatasetReader
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.models.multitask import SpanbertMultitask


def tasks_for(model: SpanbertMultitask, kind: type[Predictor]) -> list[str]:
    """Return the names of the tasks of a model that a kind of predictor is for."""
    return [
        name
        for name, task in model.tasks.items()
        if task.default_predictor is not None
        and issubclass(kind, Predictor.by_name(task.default_predictor))
    ]


def part_of(
    model: Model, dataset_reader: DatasetReader, kind: type[Predictor], task: str | None
) -> tuple[Model, DatasetReader]:
    """
    Return the model and the reader that a predictor works with.

    # Parameters

    model, dataset_reader
        Those of an archive. If it has several tasks, the task's are returned.
    kind : `type[Predictor]`
        The class of the predictor.
    task : `str`, optional
        The name of the task; not needed where only one is for this predictor.

    Raises `ConfigError` where there is no such task, or several.
    """
    if not isinstance(model, SpanbertMultitask):
        if task is not None:
            raise ConfigError(
                f"`task` is {task!r}, but the model has one task only: leave the option out"
            )
        return model, dataset_reader
    names = tasks_for(model, kind)
    if task is not None and task not in names:
        raise ConfigError(
            f"`task` is {task!r}, which is no task of the model that a {kind.__name__} predicts; "
            f"those are {', '.join(names) or 'none'}"
        )
    if task is None and len(names) != 1:
        which = f"several tasks ({', '.join(names)}): choose one with the option `task`"
        none = f"no task (but {', '.join(model.tasks)}): choose another predictor"
        raise ConfigError(f"the model has {which if names else none} for a {kind.__name__}")
    name = task or names[0]
    return model.tasks[name], dataset_reader.reader_of(name)
