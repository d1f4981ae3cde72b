"""The loop of a training run."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from allennlp.common import util as common_util
from allennlp.data import DataLoader, TensorDict
from allennlp.models import Model
from allennlp.training import GradientDescentTrainer
from allennlp.training.trainer import TrainerCheckpoint
from torch import distributed

from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.metrics.idle import idle_metrics
from spanbert_allen.training.batches.resumable import ResumableBatches
from spanbert_allen.training.loop.accumulation import Accumulation, Group
from spanbert_allen.training.loop.compiling import compile_model
from spanbert_allen.training.loop.evaluation_points import EvaluationPoints
from spanbert_allen.training.loop.lockstep import (
    Step,
    lockstep,
    num_batches,
    without_idle_gradients,
)
from spanbert_allen.training.loop.precision import Precision
from spanbert_allen.training.loop.validation import validate
from spanbert_allen.training.memory.budget import memory_budget
from spanbert_allen.training.memory.out_of_memory import out_of_memory
from spanbert_allen.training.monitoring.loss_sums import LossSums, losses_of
from spanbert_allen.training.monitoring.progress import RunProgress
from spanbert_allen.training.monitoring.reports import RunHistory, add_epoch_metrics, log_evaluation
from spanbert_allen.training.monitoring.run_state import RunState
from spanbert_allen.training.recovery.random_state import set_random_state
from spanbert_allen.training.recovery.tensor_files import load_tensors, save_tensors
from spanbert_allen.training.recovery.trainer_state import restore_trainer, trainer_state

logger = logging.getLogger(__name__)


class TrainingLoop(GradientDescentTrainer):
    """The loop of `SpanbertTrainer`, which documents the settings."""

    def __init__(
        self,
        model: Model,
        optimizer: torch.optim.Optimizer,
        data_loader: DataLoader,
        *,
        precision: str = "fp32",
        leftover: str = "update",
        evaluate_every_updates: int | None = None,
        evaluations_per_epoch: int | None = None,
        evaluate_at_end: bool = True,
        compile: bool | str = False,
        deterministic: bool = False,
        announce_memory: bool = True,
        num_gradient_accumulation_steps: int = 1,
        **kwargs: Any,
    ):
        self.accumulation = Accumulation(num_gradient_accumulation_steps, leftover)
        super().__init__(
            model,
            optimizer,
            data_loader,
            num_gradient_accumulation_steps=num_gradient_accumulation_steps,
            **kwargs,
        )
        if self._ddp_wrapped_model is not None and self._ddp_wrapped_model.is_sharded:
            raise ConfigError(
                "`distributed.ddp_accelerator` shards the model, which the trainer `spanbert` does "
                "not: leave it out"
            )
        self.precision = Precision(precision, self.cuda_device)
        self._scaler = self.precision.scaler  # which AllenNLP's gradient clipping looks for
        self.num_batches = num_batches(data_loader, "training")
        if self._validation_data_loader is not None:  # rather now than at the first evaluation
            num_batches(self._validation_data_loader, "validation")
        self.points = EvaluationPoints(
            self.num_batches, every_updates=evaluate_every_updates, per_epoch=evaluations_per_epoch
        )
        self._evaluate_at_end = evaluate_at_end
        self._compile = compile
        self._deterministic = deterministic
        self._announce_memory = announce_memory
        self.batches = ResumableBatches(data_loader)
        self.run = RunState()
        self.history = RunHistory(self._serialization_dir if self._primary else None)
        self.gradients_carried = False
        self.restored_random_state: dict[str, Any] | None = None

    @property
    def is_distributed(self) -> bool:
        """Whether several workers train together."""
        return bool(self._distributed)

    @property
    def updates_done(self) -> int:
        """The updates of the run so far."""
        return int(self._total_batches_completed)

    @property
    def updates_per_epoch(self) -> int | None:
        """The updates of an epoch; `None` if the data loader has no length."""
        return None if self.num_batches is None else self.accumulation.num_updates(self.num_batches)

    @property
    def total_updates(self) -> int | None:
        """The updates of the whole run; `None` if the data loader has no length."""
        updates = self.updates_per_epoch
        return None if updates is None else updates * self._num_epochs

    def _try_train(self) -> tuple[dict[str, Any], int]:
        """The whole run, or what is left of it: its metrics and its last epoch."""
        try:
            self._prepare()
            with RunProgress(
                self.total_updates, self.updates_done, is_shown=self._primary
            ) as self._progress:
                while self._epochs_completed < self._num_epochs and self._goes_on():
                    self._run_epoch(self._epochs_completed)
                self._finish()
        except (RuntimeError, MemoryError) as error:
            advice = out_of_memory(error, self)
            if advice is None:
                raise
            raise advice from error
        return self.run.metrics, self.run.metrics.get("epoch", self._num_epochs - 1)

    def _prepare(self) -> None:
        if self._deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)
        fill = getattr(self.optimizer, "fill_total_steps", None)
        if fill is not None and self.total_updates:
            fill(self.total_updates)
        if self._announce_memory:  # on every worker, as a model's metrics talk to each other
            budget = memory_budget(self)
            logger.log(logging.INFO if budget.fits else logging.WARNING, "%s", budget.sentence())
        if self._compile:
            compile_model(self.model, self._compile)

    def _stops(self) -> bool:
        return bool(self._metric_tracker.should_stop_early())

    def _goes_on(self) -> bool:
        """Whether there is an epoch to train, or the rest of one that was to end early."""
        return self.run.batches_done > 0 or not self._stops()

    def _run_epoch(self, epoch: int) -> None:
        self._pytorch_model.train()
        logger.info("Epoch %d of %d", epoch + 1, self._num_epochs)
        for group in self.accumulation.groups(self._steps(epoch)):
            if self._stops():
                break
            after = self.run.batches_done + len(group.batches)
            if self.points.inside_group(self.run.batches_done, after):
                self._evaluate(epoch)
            self._train_on(group, epoch)
            self.run.batches_done = after
            if self.points.after_group(after, self.updates_done if group.updates else None):
                self._evaluate(epoch)
            if group.updates and self._checkpointer is not None:
                self._checkpointer.maybe_save_checkpoint(
                    self, self._epochs_completed, self._batches_in_epoch_completed
                )
        self._end_epoch(epoch)

    def _steps(self, epoch: int) -> Iterator[Step]:
        """The batches of an epoch; after a restart, those still to come."""
        restored, self.restored_random_state = self.restored_random_state, None
        if restored is not None:
            set_random_state(restored)
        batches = self.batches.epoch(epoch, skip=self.run.batches_done)
        if restored is not None and self.run.batches_done:
            set_random_state(restored)
        before = self.batches.latest_dropped
        yield from lockstep(batches, self.cuda_device, self.is_distributed, before)

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
        loss = self._count_losses(group.batches, outputs)
        if group.updates:
            grad_norm = self._update()
            metrics = {**self.model.get_metrics(), **self.run.epoch_losses.local_means()}
            self.tell_batch(
                [step.batch for step in group.batches],
                outputs,
                {**metrics, "batch_loss": loss},
                epoch,
                self._batches_in_epoch_completed,
                is_training=True,
                batch_grad_norm=grad_norm,
            )
            self._progress.update(loss, epoch)

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
        return outputs

    def _without_exchange(self) -> AbstractContextManager[Any]:
        """On several workers, gradients stay with each until the last batch of an update."""
        if self._ddp_wrapped_model is None:
            return nullcontext()
        return self._ddp_wrapped_model.model.no_sync()

    def _count_losses(self, steps: list[Step], outputs: list[dict[str, Any]]) -> float:
        """Adds the losses of an update up; returns their mean."""
        losses = [
            losses_of(output) for step, output in zip(steps, outputs, strict=True) if not step.idle
        ]
        loss = fmean(one["loss"] for one in losses) if losses else 0.0
        if math.isfinite(loss):
            for one in losses:
                self.run.count_loss(one)
        elif not self.precision.may_overflow():
            raise UserError(
                f"the loss is {loss} after {self.updates_done} updates (epoch "
                f"{self._epochs_completed + 1}): lower the learning rate, lengthen the warm-up, or "
                "with `trainer.precision` 'fp16' use 'bf16'; no checkpoint holds anything of it"
            )
        return loss

    def _update(self) -> float | None:
        """One update of the weights; returns the gradients' norm if it is known."""
        grad_norm = self.rescale_gradients()
        self.clip_gradient()
        number = self.updates_done + 1
        for scheduler in (self._learning_rate_scheduler, self._momentum_scheduler):
            if scheduler is not None:
                scheduler.step_batch(number)
        if not self.precision.update(self.optimizer):
            count_skipped = getattr(self.optimizer, "count_skipped_update", None)
            if count_skipped is not None:
                count_skipped()
        if self._moving_average is not None:
            self._moving_average.apply(number)
        self._batches_in_epoch_completed += 1
        self._total_batches_completed = number
        return grad_norm

    def tell_batch(
        self,
        batches: list[TensorDict],
        outputs: list[dict[str, Any]],
        metrics: dict[str, Any],
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

    def _take_training_metrics(self) -> None:
        metrics, losses = self.model.get_metrics(reset=True), self.run.losses.means()
        if losses:  # else nothing has been trained since they were taken before
            self.run.training_metrics = {**metrics, **losses}
            self.run.losses = LossSums()

    def _evaluate(self, epoch: int) -> None:
        """Evaluates, and keeps the weights if they are the best so far."""
        if self._validation_data_loader is None:
            return
        self._progress.note("evaluating")
        self._take_training_metrics()
        values = validate(self, epoch)
        self._metric_tracker.add_metrics(values)
        is_best = self._metric_tracker.is_best_so_far()
        if is_best:
            self._metric_tracker.best_epoch_metrics = values
            self.run.metrics["best_epoch"] = epoch
            self.run.metrics["best_update"] = self.updates_done
            self.run.metrics.update({f"best_validation_{name}": v for name, v in values.items()})
            self._save_best()
        self.run.metrics.update({f"validation_{name}": value for name, value in values.items()})
        entry = {
            "update": self.updates_done,
            "epoch": epoch,
            "seconds": self.run.seconds,
            "learning_rates": {
                group.get("name") or str(i): group["lr"]
                for i, group in enumerate(self.optimizer.param_groups)
            },
            "training": self.run.training_metrics,
            "validation": values,
            "best": is_best,
        }
        self.history.add(entry)
        tracked = {name: values[name] for _, name in self._metric_tracker.tracked_metrics}
        said = ", ".join(f"{name} {value:.4g}" for name, value in tracked.items())
        best = ", the best so far" if is_best else ""
        logger.info("evaluation after %d updates: %s%s", self.updates_done, said, best)
        log_evaluation(self._callbacks, entry)

    def _save_best(self) -> None:
        self._best_model_filename = str(Path(self._serialization_dir) / "best.th")
        self.run.best_update = self.updates_done
        average = self._moving_average
        if self._primary:
            if average is not None:
                average.assign_average_value()
            try:
                save_tensors(self.model.state_dict(), self._best_model_filename)
            finally:
                if average is not None:
                    average.restore()
        if self._distributed:
            distributed.barrier()

    def _end_epoch(self, epoch: int) -> None:
        if self.points.only_at_epoch_end and self._should_validate_this_epoch:
            self._evaluate(epoch)
        evaluated = bool(self.history.entries) and self.history.entries[-1]["epoch"] == epoch
        if not evaluated:
            self._take_training_metrics()
        if self._validation_data_loader is None:
            self._save_best()
        add_epoch_metrics(self.run, epoch)
        if self._primary:
            path = Path(self._serialization_dir) / f"metrics_epoch_{epoch}.json"
            common_util.dump_metrics(str(path), self.run.metrics)
        score = None
        if evaluated:
            score = self._metric_tracker.combined_score(self.history.entries[-1]["validation"])
        for scheduler in (self._learning_rate_scheduler, self._momentum_scheduler):
            if scheduler is not None:
                scheduler.step(score)
        for callback in self._callbacks:
            callback.on_epoch(self, metrics=self.run.metrics, epoch=epoch, is_primary=self._primary)
        self._epochs_completed += 1
        self._batches_in_epoch_completed = self.run.batches_done = 0
        self.run.epoch_losses = LossSums()
        if self._checkpointer is not None:
            self._checkpointer.maybe_save_checkpoint(self, self._epochs_completed, 0)
            if self._distributed:
                distributed.barrier()

    def _finish(self) -> None:
        """A last evaluation, and the best weights into the model."""
        if self._stops():
            logger.info("No evaluation has been better for long enough: training ends here.")
        evaluated = bool(self.history.entries) and (
            self.history.entries[-1]["update"] == self.updates_done
        )
        if self._evaluate_at_end and not evaluated:
            self._evaluate(self._epochs_completed - 1)
        if self.run.best_update is None:
            self._save_best()
        if self.run.best_update == self.updates_done:
            self._finalize_model()
        else:
            weights = load_tensors(self._best_model_filename)
            self.model.load_state_dict(weights)

    def get_checkpoint_state(self) -> TrainerCheckpoint | None:
        """What a checkpoint holds, on the worker that writes it; every worker must ask."""
        return trainer_state(self, super().get_checkpoint_state())

    def _maybe_restore_checkpoint(self) -> None:
        checkpoint = None if self._checkpointer is None else self._checkpointer.load_checkpoint()
        if checkpoint is not None:
            restore_trainer(self, checkpoint)
