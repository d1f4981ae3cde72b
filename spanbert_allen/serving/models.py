"""The models that are served, by name and task."""

from __future__ import annotations

import json
import logging
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.engines import TORCH
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.loading import load
from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.document.parts import PARTS
from spanbert_allen.predictors.document.predictor import DocumentPredictor
from spanbert_allen.predictors.multitask.predictor import MultitaskPredictor
from spanbert_allen.predictors.option_checks import object_of_options
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.relation.predictor import RelationPredictor
from spanbert_allen.serving.schemas import TASKS

DOCUMENT = "document"
"""The task of everything in one text, and the name of the model made of the parts' first ones."""
_MAX_PAIRS = 10_000
"""So many pairs of entities of a record are judged: all pairs of a hundred entities."""


@dataclass(frozen=True)
class ServedModel:
    """
    Hold a model that is served.

    # Parameters

    name : `str`
        What requests call it.
    task : `str`
        A key of `TASKS`; the path of its requests is the same.
    predictor : `SpanPredictor`
        Its predictor.
    part : `str`, optional (default = `None`)
        What its archive calls the task, if it has several.
    """

    name: str
    task: str
    predictor: SpanPredictor
    part: str | None = None


class Group(NamedTuple):
    """Requests that can be predicted together: of one model, with the same options, as JSON."""

    model: str
    options: str


class ServedModels:
    """
    Find the model of a request, and predict batches of records.

    # Parameters

    models : `Sequence[ServedModel]`
        The models, of different names; the first one of a task is its default.
    """

    def __init__(self, models: Sequence[ServedModel]) -> None:
        self.by_name = {model.name: model for model in models}
        self.tasks = list(dict.fromkeys(model.task for model in models))

    def group(self, task: str, name: str | None, record: dict[str, Any]) -> Group:
        """
        Return the group of a record, and take its `options` out of it.

        Raises `ConfigError` or `DataError` for a model or options that there are not.
        """
        names = [model.name for model in self.by_name.values() if model.task == task]
        if name is not None and name not in names:
            raise ConfigError(f"no model {shown(name)} is served here; choose {' or '.join(names)}")
        model = self.by_name[name or names[0]]
        options = object_of_options("options", record.pop("options", None))
        option = model.predictor.option_in(record)
        if option is not None:
            raise DataError(f"`{option}` is an option; put it into `options` of the record")
        model.predictor.with_options(options)
        return Group(model.name, json.dumps(options, sort_keys=True))

    def prepare(self, group: Hashable, record: Mapping[str, Any]) -> PreparedRecord:
        """Make a record of a group ready for its model; a bad one has its `problem`."""
        return self._predictor(group).prepare(dict(record))

    def predict(self, group: Hashable, prepared: Sequence[PreparedRecord]) -> list[dict[str, Any]]:
        """Return the results, or error records, of what is ready of a group, in their order."""
        return self._predictor(group).predict_prepared(prepared)

    def _predictor(self, group: Hashable) -> SpanPredictor:
        assert isinstance(group, Group)
        return self.by_name[group.model].predictor.with_options(json.loads(group.options))


def load_models(
    archives: Sequence[str], *, device: str = "cpu", engine: str = TORCH
) -> ServedModels:
    """
    Load the models to serve.

    # Parameters

    archives : `Sequence[str]`
        What `load` takes, or `NAME=PATH`. Without a name a model is called as its archive, or, if
        that is a `model.tar.gz`, as the folder that it is in. Of two or more of coreference,
        relations and answers a further model is made, for documents.
    device : `str`, optional (default = `"cpu"`)
        As for `load`.
    engine : `str`, optional (default = `"torch"`)
        As for `load`.
    """
    models: dict[str, ServedModel] = {}
    for archive in archives:
        name, path = _name_and_path(archive)
        for model in _served(name, load(path, device=device, engine=engine)):
            if model.task not in TASKS:
                raise ConfigError(
                    f"{path}: a model for {model.task} is not served; give models for "
                    f"{', '.join(TASKS)}"
                )
            if isinstance(model.predictor, RelationPredictor):
                model.predictor.max_pairs = _MAX_PAIRS
            if model.name in models:
                raise ConfigError(f"two models are called {model.name}; give one as NAME={path}")
            models[model.name] = model
    parts = {model.task: model.predictor for model in reversed(models.values())}
    parts = {part: parts[part] for part in PARTS if part in parts}
    if len(parts) > 1 and DOCUMENT not in models:
        models[DOCUMENT] = ServedModel(DOCUMENT, DOCUMENT, DocumentPredictor.of(parts))
    return ServedModels(list(models.values()))


def _served(name: str, predictor: SpanPredictor) -> Iterator[ServedModel]:
    """Yield a model, or of one of several tasks a model for each, called `NAME-TASK`."""
    if isinstance(predictor, MultitaskPredictor):
        for part, own in predictor.predictors.items():
            yield ServedModel(f"{name}-{part}", _task_of(own), own, part)
    else:
        yield ServedModel(name, _task_of(predictor), predictor)


def _task_of(predictor: SpanPredictor) -> str:
    return predictor.schema.removeprefix("spanbert_allen.").partition("/")[0]


def keep_records_out_of_logs() -> None:
    """Let what predictors log of a record that they fail on say the kind of the error only."""
    logging.getLogger(SpanPredictor.__module__).addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Remove a traceback, whose messages and lines may quote a record."""
    if record.exc_info:
        kind = record.exc_info[0]
        record.msg, record.args = f"{record.getMessage()} ({kind.__name__ if kind else '?'})", ()
        record.exc_info = record.exc_text = None
    return True


def _name_and_path(archive: str) -> tuple[str, str]:
    name, equals, path = archive.partition("=")
    if equals and name and "/" not in name and not Path(archive).exists():
        return name, path
    whole = Path(archive).absolute()
    stem = whole.name.removesuffix(".tar.gz")
    return (whole.parent.name if stem == "model" else stem), archive
