"""The names of predictors that users give."""

from __future__ import annotations

from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.models.multitask import SpanbertMultitask
from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.document.parts import PARTS, is_for

_DOCUMENT = "spanbert_document"
_OWN_PACKAGE = "spanbert_allen."


def check_named(model: Model, name: str | None) -> None:
    """
    Raise `ConfigError` for a name that no predictor has, or that one for other models has.

    # Parameters

    model : `Model`
        The model; nothing is checked if it has no default predictor.
    name : `str`, optional
        A registered name, or the path of a class.
    """
    fitting = _names_for(model)
    if name is None or not fitting or "." in name:
        return
    if name not in Predictor.list_available() or _is_for_others(Predictor.by_name(name), model):
        raise ConfigError(
            f"there is no predictor `{name}` for a {type(model).__name__}: choose among "
            f"{', '.join(fitting)} (one of your own needs --include-package or `trust`)"
        )


def _names_for(model: Model) -> list[str]:
    """Return the names of this package's predictors that are for a model, its default first."""
    tasks = model.tasks.values() if isinstance(model, SpanbertMultitask) else ()
    names = [one.default_predictor for one in (model, *tasks) if one.default_predictor]
    if any(is_for(model, kind) for kind in PARTS.values()):
        names.append(_DOCUMENT)
    return list(dict.fromkeys(names))


def _is_for_others(kind: type[Predictor], model: Model) -> bool:
    """Return whether a predictor of this package is for other models; several tasks say it so."""
    are_ours = all(one.__module__.startswith(_OWN_PACKAGE) for one in (kind, type(model)))
    if not are_ours or isinstance(model, SpanbertMultitask) or not issubclass(kind, SpanPredictor):
        return False
    own = Predictor.by_name(str(model.default_predictor))
    return not kind.takes_all_tasks and not issubclass(kind, own)
