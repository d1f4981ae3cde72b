"""Evaluations of a model on its validation data during training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import numpy
import torch
from allennlp.data import DataLoader, TensorDict
from allennlp.models import Model
from allennlp.training.moving_average import MovingAverage

from spanbert_allen.common.console import nearest
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.workers import idle_metrics
from spanbert_allen.training.batches.resumable import ResumableBatches
from spanbert_allen.training.loop.lockstep import as_the_first_worker, lockstep
from spanbert_allen.training.loop.precision import Precision
from spanbert_allen.training.monitoring.loss_sums import LOSSES, LossSums, losses_of
from spanbert_allen.training.recovery.random_state import random_state, set_random_state


class OnBatch(Protocol):
    """What `validate` calls after each batch."""

    def __call__(
        self, batch: TensorDict, outputs: dict[str, Any], metrics: dict[str, Any], number: int
    ) -> None:
        """
        Take note of a batch.

        # Parameters

        batch : `TensorDict`
            The input of the model.
        outputs : `dict[str, Any]`
            The output of the model.
        metrics : `dict[str, Any]`
            The metrics so far.
        number : `int`
            The number of the batch, from 1.
        """


def validate(
    model: Model,
    data_loader: DataLoader,
    *,
    precision: Precision,
    device: torch.device,
    is_distributed: bool,
    average: MovingAverage | None,
    on_batch: OnBatch,
) -> dict[str, float]:
    """
    Evaluate a model without any effect on its training.

    Random numbers, the order of batches and the training mode are the same afterwards, so that
    evaluating more often trains the same model. On several workers each document counts once,
    however the data is divided among them.

    # Parameters

    model : `Model`
        Its training metrics have been taken.
    data_loader : `DataLoader`
        The validation data of this worker.
    precision : `Precision`
        The precision of forward passes.
    device : `torch.device`
        Where the model is.
    is_distributed : `bool`
        Whether several workers train together; then all of them must call this.
    average : `MovingAverage`, optional
        The averaged weights to evaluate instead of the current ones.
    on_batch : `OnBatch`
        Called after each batch that counts.

    # Returns

    `dict[str, float]`
        The metrics of the model, and `loss`.
    """
    losses = LossSums()
    source = ResumableBatches(data_loader, device)
    batches = source.epoch(0)
    with _evaluating(model, average), torch.no_grad():
        steps = lockstep(batches, device, is_distributed)
        for number, (batch, idle, *_) in enumerate(steps, start=1):
            with precision.autocast(), idle_metrics() if idle else nullcontext():
                outputs = model(**batch)
            source.prepare()
            if not idle and outputs.get("loss") is not None:
                losses.add(losses_of([outputs])[0])
            metrics = {**model.get_metrics(), **losses.local_means()}
            if not idle:
                on_batch(batch, outputs, metrics, number)
        return as_the_first_worker({**taken_metrics(model), **losses.means()})


def taken_metrics(model: Model) -> dict[str, Any]:
    """Return the metrics of a model, which begin anew, without NumPy's numbers."""
    metrics = model.get_metrics(reset=True)
    return {
        name: value.item() if isinstance(value, numpy.number) else value
        for name, value in metrics.items()
    }


def check_tracked_metrics(model: Model, names: Iterable[str]) -> None:
    """
    Check `validation_metric` before a run, as its first evaluation may be hours away.

    Only the model can know its metrics. A class with `metrics_are_known = True` has them before it
    has seen any data; the metrics of named parts of the data have the name of the part and `_` in
    front. Nothing is checked for other models.

    # Parameters

    model : `Model`
        In training or evaluation mode, which does not change. On several workers all must call
        this.
    names : `Iterable[str]`
        The metrics that `validation_metric` names, without signs.

    # Errors

    `ConfigError` for a metric that an evaluation will not give.
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


@contextmanager
def _evaluating(model: Model, average: MovingAverage | None) -> Iterator[None]:
    """Put the model into evaluation mode, with its averaged weights, and back again."""
    before = random_state()
    was_training = model.training
    model.eval()
    if average is not None:
        average.assign_average_value()
    try:
        yield
    finally:
        if average is not None:
            average.restore()
        model.train(was_training)
        set_random_state(before)
