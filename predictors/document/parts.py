"""The parts of a document's result: the kind of predictor of each, and the models for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allennlp.models import Model
from allennlp.models.archival import load_archive
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.models.multitask import SpanbertMultitask
from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.coref.predictor import CorefPredictor
from spanbert_allen.predictors.parts import tasks_for
from spanbert_allen.predictors.qa.predictor import QAPredictor
from spanbert_allen.predictors.relation.predictor import RelationPredictor

PARTS: Mapping[str, type[SpanPredictor]] = {
    "coref": CorefPredictor,
    "relation": RelationPredictor,
    "qa": QAPredictor,
}
"""The parts, and the kind of predictor of each."""


def is_for(model: Model, kind: type[SpanPredictor]) -> bool:
    """Return whether a model is for a kind of predictor, or has tasks that are."""
    if isinstance(model, SpanbertMultitask):
        return bool(tasks_for(model, kind))
    name = model.default_predictor
    return name is not None and Predictor.by_name(name) is kind


def checked_part(part: str, source: SpanPredictor) -> SpanPredictor:
    """Return the predictor of a part; raise a `ConfigError` if it is none of it."""
    kind = PARTS[part]
    if not isinstance(source, kind):
        raise ConfigError(
            f"`{part}` is a {type(source).__name__}; give a {kind.__name__} or an archive"
        )
    return source


def part_of_archive(part: str, source: str, options: Mapping[str, Any]) -> SpanPredictor:
    """Return the predictor of a further archive; raise a `ConfigError` if that is not for it."""
    kind = PARTS[part]
    archive = load_archive(source)
    if not is_for(archive.model, kind):
        raise ConfigError(
            f"`{part}` is {source}, whose model is a {type(archive.model).__name__}: give the "
            f"archive of a model for a {kind.__name__}"
        )
    return kind(archive.model, archive.dataset_reader, **options)
