"""One evaluation of a model on its validation data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch

from spanbert_allen.metrics.idle import idle_metrics
from spanbert_allen.training.batches.resumable import ResumableBatches
from spanbert_allen.training.loop.lockstep import as_the_first_worker, lockstep
from spanbert_allen.training.monitoring.loss_sums import LossSums, losses_of
from spanbert_allen.training.recovery.random_state import random_state, set_random_state

if TYPE_CHECKING:
    from spanbert_allen.training.loop.training_loop import TrainingLoop


def validate(trainer: TrainingLoop, epoch: int) -> dict[str, float]:
    """
    Evaluate the model as it is. Nothing of the training run is moved by it: random numbers, the
    order of batches and training mode are afterwards as before, so that evaluating more often
    trains the same model. On several workers each document counts once, however the data is
    divided among them.

    # Parameters

    trainer : `TrainingLoop`
        It has validation data, and its training metrics have been taken.
    epoch : `int`
        The number of the running epoch, from 0, for callbacks.

    # Returns

    `dict[str, float]`
        The model's metrics, and `loss`.
    """
    model = trainer.model
    losses = LossSums()
    batches = ResumableBatches(trainer._validation_data_loader).epoch(0)
    with _as_was(trainer), torch.no_grad():
        steps = lockstep(batches, trainer.cuda_device, trainer.is_distributed)
        for number, (batch, idle, _) in enumerate(steps, start=1):
            with trainer.precision.autocast(), idle_metrics() if idle else nullcontext():
                outputs = model(**batch)
            if not idle and outputs.get("loss") is not None:
                losses.add(losses_of(outputs))
            metrics = {**model.get_metrics(), **losses.local_means()}
            if not idle:
                trainer.tell_batch([batch], [outputs], metrics, epoch, number, is_training=False)
        return as_the_first_worker({**model.get_metrics(reset=True), **losses.means()})


@contextmanager
def _as_was(trainer: TrainingLoop) -> Iterator[None]:
    """Evaluation mode, with the averaged weights if there are any, and back again."""
    before = random_state()
    was_training = trainer.model.training
    trainer.model.eval()
    average = trainer._moving_average
    if average is not None:
        average.assign_average_value()
    try:
        yield
    finally:
        if average is not None:
            average.restore()
        trainer.model.train(was_training)
        set_random_state(before)
