"""The part of the training loop that makes updates."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from statistics import fmean
from typing import Any

import torch
from allennlp.data import DataLoader, TensorDict
from allennlp.models import Model
from allennlp.training import GradientDescentTrainer
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm

from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.compat.workers import idle_metrics
from spanbert_allen.training.batches.resumable import ResumableBatches
from spanbert_allen.training.loop.accumulation import Accumulation, Group
from spanbert_allen.training.loop.evaluation_points import EvaluationPoints
from spanbert_allen.training.loop.fsdp2 import Fsdp2WrappedModel, check_settings
from spanbert_allen.training.loop.lockstep import (
    Step,
    num_batches,
    without_idle_gradients,
)
from spanbert_allen.training.loop.precision import Precision
from spanbert_allen.training.loop.settings import LoopSettings
from spanbert_allen.training.memory.kernels import keep_few_kernels
from spanbert_allen.training.monitoring.batch_metrics import LazyMetrics
from spanbert_allen.training.monitoring.loss_sums import losses_of
from spanbert_allen.training.monitoring.progress import RunProgress
from spanbert_allen.training.monitoring.reports import RunHistory
from spanbert_allen.training.monitoring.run_state import RunState
from spanbert_allen.training.monitoring.speed import SpeedMeter
from spanbert_allen.training.optimizers.parts import parts_of
from spanbert_allen.training.recovery.full_tensors import gathered
from spanbert_allen.training.schedules.time_budget import TimeBudget

logger = logging.getLogger(__name__)


class UpdateLoop(GradientDescentTrainer):
    """
    Make updates: gradients of the batches of an update, added up, and a step of the optimizer.

    It keeps what a run consists of; `TrainingLoop` makes epochs of it.

    # Parameters

    model : `Model`
        On its device.
    optimizer : `torch.optim.Optimizer`
        For the parameters of the model that are trained.
    data_loader : `DataLoader`
        The training data of this worker.
    settings : `LoopSettings`, optional (default = `LoopSettings()`)
        The settings that `SpanbertTrainer` adds to AllenNLP's.
    num_gradient_accumulation_steps : `int`, optional (default = `1`)
        The number of batches that make an update.
    kwargs
        AllenNLP's settings, as for `GradientDescentTrainer`.
    """

    _progress: RunProgress

    def __init__(
        self,
        model: Model,
        optimizer: torch.optim.Optimizer,
        data_loader: DataLoader,
        *,
        settings: LoopSettings | None = None,
        num_gradient_accumulation_steps: int = 1,
        **kwargs: Any,
    ):
        self.settings = settings = settings or LoopSettings()
        self.accumulation = Accumulation(num_gradient_accumulation_steps, settings.leftover)
        super().__init__(
            model,
            optimizer,
            data_loader,
            num_gradient_accumulation_steps=num_gradient_accumulation_steps,
            **kwargs,
        )
        if self._num_epochs < 1:
            raise ConfigError(
                f"`trainer.num_epochs` (the knob `epochs`) is {self._num_epochs}, which trains "
                "nothing: it must be 1 or more"
            )
        if self._ddp_wrapped_model is not None and self._ddp_wrapped_model.is_sharded:
            raise ConfigError(
                "`distributed.ddp_accelerator` shards the model, which the trainer `spanbert` does "
                "not support: leave it out"
            )
        self.is_shared_out = isinstance(self._ddp_wrapped_model, Fsdp2WrappedModel)
        if self.is_shared_out:
            check_settings(settings)
        if self.cuda_device.type == "cpu":
            keep_few_kernels()
        self.precision = Precision(settings.precision, self.cuda_device)
        self._scaler = self.precision.scaler  # which AllenNLP's gradient clipping looks for
        self.num_batches = num_batches(data_loader, "training")
        if self._validation_data_loader is not None:  # now rather than at the first evaluation
            num_batches(self._validation_data_loader, "validation")
        self.points = EvaluationPoints(
            self.num_batches,
            every_updates=settings.evaluate_every_updates,
            per_epoch=settings.evaluations_per_epoch,
        )
        self.batches = ResumableBatches(data_loader, self.cuda_device)
        self.time_budget = TimeBudget(settings.max_hours)
        self.run = RunState(clock=settings.clock)
        self.speed = SpeedMeter(settings.clock)
        self.history = RunHistory(self._serialization_dir if self._primary else None)
        self.gradients_carried = False
        self.restored_random_state: dict[str, Any] | None = None

    @property
    def is_distributed(self) -> bool:
        """Tell whether several workers train together."""
        return bool(self._distributed)

    @property
    def updates_done(self) -> int:
        """Return the number of updates so far."""
        return int(self._total_batches_completed)

    @property
    def updates_per_epoch(self) -> int | None:
        """Return the number of updates of an epoch; `None` if the data loader has no length."""
        return None if self.num_batches is None else self.accumulation.num_updates(self.num_batches)

    @property
    def total_updates(self) -> int | None:
        """Return the number of updates of the run; `None` if the data loader has no length."""
        updates = self.updates_per_epoch
        return None if updates is None else updates * self._num_epochs

    def _train_on(self, group: Group[Step], epoch: int) -> None:
        if not self.gradients_carried:
            self.optimizer.zero_grad()
        self.gradients_carried = not group.updates
        # Each worker's gradients are added up here, and then averaged over the workers.
        share: float = self.accumulation.steps
        if self.accumulation.leftover == "update":
            share = sum(step.num_real for step in group.batches) / self._world_size
        outputs = []
        for number, step in enumerate(without_idle_gradients(group, self.model), start=1):
            waits = group.updates and number == len(group.batches)
            with nullcontext() if waits else self._without_exchange():
                outputs.append(self._backward(step, share))
        done, may_overflow = self.updates_done, self.precision.may_overflow()
        seconds = group.batches[-1].seconds
        self._tell_time(seconds)
        grad_norm = self._update() if group.updates else None
        # Only now are numbers read: a GPU has the update to make meanwhile.
        loss = self._count_losses(group.batches, outputs)
        if not math.isfinite(loss) and not may_overflow:
            raise UserError(
                f"the loss is {loss} after {done} updates (epoch {self._epochs_completed + 1}): "
                "lower the learning rate, lengthen the warm-up, or with `trainer.precision` 'fp16' "
                "use 'bf16'; no checkpoint holds anything of it"
            )
        if group.updates:
            self.tell_batch(
                [step.batch for step in group.batches],
                outputs,
                self._batch_metrics(loss),
                epoch,
                self._batches_in_epoch_completed,
                is_training=True,
                batch_grad_norm=None if grad_norm is None else float(grad_norm),
            )
            self._progress.update(loss, epoch, seconds=seconds, speed=self.speed.look)

    def _batch_metrics(self, loss: float) -> Any:
        """
        Return the metrics so far, for callbacks.

        They are computed when a callback looks at them; several workers, who have to add them up,
        compute them at once.
        """

        def compute() -> dict[str, Any]:
            means = self.run.epoch_losses.local_means()
            return {**self.model.get_metrics(), **means, "batch_loss": loss}

        return compute() if self.is_distributed else LazyMetrics(compute)

    def _backward(self, step: Step, share: float) -> dict[str, Any]:
        with self.precision.autocast(), idle_metrics() if step.idle else nullcontext():
            outputs = self.batch_outputs(step.batch, for_training=True)
        called = False
        for callback in self._callbacks:
            called |= callback.on_backward(self, outputs, called)
        if not called:
            # Shape: ()
            loss = outputs["loss"] * (0.0 if step.idle else 1.0 / share)
            self.precision.backward(loss)
        self.batches.prepare()  # while the device computes what is queued
        return outputs

    def _without_exchange(self) -> AbstractContextManager[Any]:
        """Keep the gradients of each worker to itself until the last batch of an update."""
        wrapped = self._ddp_wrapped_model
        if wrapped is None:
            return nullcontext()
        return (
            wrapped.no_sync() if isinstance(wrapped, Fsdp2WrappedModel) else wrapped.model.no_sync()
        )

    def _count_losses(self, steps: list[Step], outputs: list[dict[str, Any]]) -> float:
        """Add up the losses of an update, if they are finite; return their mean."""
        losses = losses_of(
            [output for step, output in zip(steps, outputs, strict=True) if not step.idle]
        )
        loss = fmean(one["loss"] for one in losses) if losses else 0.0
        if math.isfinite(loss):
            for one in losses:
                self.run.count_loss(one)
        return loss

    def _tell_time(self, seconds: float) -> None:
        """Let schedules follow the time, where that is further than the updates."""
        if not self.time_budget.is_set:
            return
        for part in (*parts_of(self.optimizer).values(), self._learning_rate_scheduler):
            if hasattr(part, "set_least_progress"):
                part.set_least_progress(self.time_budget.share(seconds))

    def _clip_norm(self) -> Tensor | None:
        """
        Clip the gradients to `grad_norm`, after taking the loss scale out of them.

        It does what AllenNLP's `rescale_gradients` does, without reading the norm, which is
        returned if it is asked for. Shape: ()
        """
        if self._grad_norm is False:
            return None
        if self._scaler is not None:
            self._scaler.unscale_(self.optimizer)
        if self._grad_norm is True:
            gradients = [p.grad.detach() for p in self.model.parameters() if p.grad is not None]
            whole: Tensor = gathered(get_total_norm(gradients))
            return whole
        if self._ddp_wrapped_model is not None:
            norm: Tensor = self._ddp_wrapped_model.clip_grad_norm_(self._grad_norm)
            return norm
        trained = [p for p in self.model.parameters() if p.grad is not None]
        return clip_grad_norm_(trained, self._grad_norm)

    def _update(self) -> Tensor | None:
        """Make one update of the weights; return the norm of the gradients if it is known."""
        grad_norm = self._clip_norm()
        self.clip_gradient()
        number = self.updates_done + 1
        for scheduler in (self._learning_rate_scheduler, self._momentum_scheduler):
            if scheduler is not None:
                scheduler.step_batch(number)
        if not self.precision.update(self.optimizer):
            for part in parts_of(self.optimizer).values():
                if hasattr(part, "count_skipped_update"):
                    part.count_skipped_update()
        if self._moving_average is not None:
            self._moving_average.apply(number)
        self._batches_in_epoch_completed += 1
        self._total_batches_completed = number
        return grad_norm

    def tell_batch(
        self,
        batches: list[TensorDict],
        outputs: list[dict[str, Any]],
        metrics: Mapping[str, Any],
        epoch: int,
        number: int,
        *,
        is_training: bool,
        batch_grad_norm: float | None = None,
    ) -> None:
        """Tell the callbacks of an update, or of a batch of validation data."""
        for callback in self._callbacks:
            callback.on_batch(
                self,
                batches,
                outputs,
                metrics,
                epoch,
                number,
                is_training=is_training,
                is_primary=self._primary,
                batch_grad_norm=batch_grad_norm,
            )
