"""A check of `validation_metric` before a run, as its first evaluation may be hours away."""

from __future__ import annotations

from collections.abc import Iterable

from allennlp.models import Model

from spanbert_allen.common.console import nearest
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.monitoring.loss_sums import LOSSES


def check_tracked_metrics(model: Model, names: Iterable[str]) -> None:
    """
    Raises a `ConfigError` for a metric that an evaluation will not give. Only the model can know:
    the metrics of one whose class says `metrics_are_known = True` have their names before it has
    seen anything, and for named parts of the data the part's name and `_` before these. Of other
    models nothing is said.

    # Parameters

    model : `Model`
        It is in training mode or not, and stays so; on several workers, all must ask.
    names : `Iterable[str]`
        Those that `validation_metric` has, without signs.
    """
    if not getattr(model, "metrics_are_known", False):
        return
    was_training = model.training
    model.eval()
    known = [*model.get_metrics(), *LOSSES]
    model.train(was_training)
    for name in names:
        if name in known or name.endswith(tuple(f"_{one}" for one in known)):
            continue
        near = " or ".join(f"`{one}`" for one in nearest(name, known))
        raise ConfigError(
            f"trainer.validation_metric: {name!r} is no metric of a {type(model).__name__}: "
            + (f"did you mean {near}?" if near else f"choose among {', '.join(known)}")
        )
