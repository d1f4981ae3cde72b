"""The loop of a training run: epochs, evaluations and checkpoints."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from allennlp.common import util as common_util
from allennlp.training.trainer import TrainerCheckpoint
from torch import distributed

from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.training.loop.compiling import compile_model
from spanbert_allen.training.loop.lockstep import (
    Step,
    as_the_first_worker,
    lockstep,
)
from spanbert_allen.training.loop.update_loop import UpdateLoop
from spanbert_allen.training.loop.validation import taken_metrics, validate
from spanbert_allen.training.memory.budget import MemoryBudget, memory_budget
from spanbert_allen.training.memory.knobs import memory_knobs
from spanbert_allen.training.memory.out_of_memory import is_out_of_memory, out_of_memory_advice
from spanbert_allen.training.monitoring.loss_sums import LossSums
from spanbert_allen.training.monitoring.progress import RunProgress
from spanbert_allen.training.monitoring.reports import add_epoch_metrics, log_evaluation
from spanbert_allen.training.optimizers.parts import groups_of, parts_of
from spanbert_allen.training.recovery.full_tensors import gathered
from spanbert_allen.training.recovery.random_state import set_random_state
from spanbert_allen.training.recovery.tensor_files import load_tensors, save_tensors
from spanbert_allen.training.recovery.trainer_state import restore_trainer, trainer_state

logger = logging.getLogger(__name__)


class TrainingLoop(UpdateLoop):
    """Train for a number of epochs, or what is left of them, with evaluations and checkpoints."""

    _primary: bool

    def _try_train(self) -> tuple[dict[str, Any], int]:
        """Run what is left of the training; return its metrics and its last epoch."""
        try:
            self._prepare()
            with RunProgress(
                self.total_updates,
                self.updates_done,
                is_shown=self._primary,
                budget=self.time_budget,
                clock=self.settings.clock,
            ) as self._progress:
                while self._epochs_completed < self._num_epochs and self._goes_on():
                    self._run_epoch(self._epochs_completed)
                self._finish()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise UserError(self.out_of_memory_advice()) from error
        return self.run.metrics, self.run.metrics.get("epoch", self._num_epochs - 1)

    def _prepare(self) -> None:
        if self.num_batches == 0:
            raise ConfigError(
                "the data loader makes no batch of the training data: give it more examples, or "
                "set `drop_last` of its batch sampler to false"
            )
        if self.num_batches and not self.updates_per_epoch:
            raise ConfigError(
                f"an epoch has {self.num_batches} batches and an update takes "
                f"{self.accumulation.steps}, so that with `trainer.leftover` "
                f"{self.accumulation.leftover!r} none would ever be made: lower "
                "`trainer.num_gradient_accumulation_steps`, or set `leftover` to 'update'"
            )
        if self.settings.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)
        for part in parts_of(self.optimizer).values() if self.total_updates else ():
            if hasattr(part, "fill_total_steps"):
                part.fill_total_steps(self.total_updates)
        if self.run.evaluates is not None:  # callbacks begin with what holds for the first epoch
            self._should_validate_this_epoch = self.run.evaluates
        # On every worker, as each measures its own batch.
        if self.settings.announce_memory and not self.is_shared_out:
            budget = self.memory_budget()
            logger.log(logging.INFO if budget.fits else logging.WARNING, "%s", budget.sentence())
        if self.settings.compile:
            compile_model(self.model, self.settings.compile)

    def memory_budget(self) -> MemoryBudget:
        """Measure what the run will need; only before its first update."""
        return memory_budget(
            self.model,
            self.optimizer,
            self.data_loader,
            precision=self.precision.name,
            device=self.cuda_device,
            accumulates=self.accumulation.steps > 1,
            is_distributed=self.is_distributed,
        )

    def out_of_memory_advice(self) -> str:
        """Return what to tell the user if memory runs out now."""
        is_training = self.model.training
        loader = self.data_loader if is_training else self._validation_data_loader
        return out_of_memory_advice(
            memory_knobs(self.model, loader, self.precision.name),
            device=self.cuda_device,
            is_training=is_training,
            updates_done=self.updates_done,
        )

    def _stops(self) -> bool:
        return bool(self._metric_tracker.should_stop_early())

    def _goes_on(self) -> bool:
        """Tell whether there is an epoch to train, or the rest of one that was to end early."""
        if self.run.batches_done > 0:
            return True
        seconds = as_the_first_worker(self.run.seconds) if self.time_budget.is_set else 0.0
        return not self._stops() and not self._is_out_of_time(seconds)

    def _is_out_of_time(self, seconds: float) -> bool:
        """Tell whether the time is up, after at least one update."""
        return self.updates_done > 0 and self.time_budget.is_spent(seconds)

    def _run_epoch(self, epoch: int) -> None:
        self._pytorch_model.train()
        logger.info("Epoch %d of %d", epoch + 1, self._num_epochs)
        for group in self.accumulation.groups(self._steps(epoch)):
            if self._stops() or self._is_out_of_time(group.batches[-1].seconds):
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
        """Yield the batches of an epoch; after a restart, those still to come."""
        restored, self.restored_random_state = self.restored_random_state, None
        if restored is not None:
            set_random_state(restored)
        batches = self.speed.watch(self.batches.epoch(epoch, skip=self.run.batches_done))
        if restored is not None and self.run.batches_done:
            set_random_state(restored)
        before = self.batches.latest_dropped
        yield from lockstep(
            batches, self.cuda_device, self.is_distributed, before, clock=lambda: self.run.seconds
        )

    def _take_training_metrics(self) -> None:
        metrics, losses = taken_metrics(self.model), self.run.losses.means()
        if losses:  # else nothing has been trained since they were taken before
            self.run.training_metrics = {**metrics, **losses, **self.precision.metrics()}
            self.run.speed = self.speed.take().as_metrics()
            self.run.losses = LossSums()

    def _evaluate(self, epoch: int) -> None:
        """Evaluate, and keep the weights if they are the best so far."""
        if self._validation_data_loader is None:
            return
        self._progress.note("evaluating")
        self._take_training_metrics()
        values = validate(
            self.model,
            self._validation_data_loader,
            precision=self.precision,
            device=self.cuda_device,
            is_distributed=self.is_distributed,
            average=self._moving_average,
            on_batch=lambda batch, outputs, metrics, number: self.tell_batch(
                [batch], [outputs], metrics, epoch, number, is_training=False
            ),
        )
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
            "speed": dict(self.run.speed),
            "learning_rates": {
                group.get("name") or str(i): group["lr"]
                for i, group in enumerate(groups_of(self.optimizer))
            },
            "training": self.run.training_metrics,
            "validation": values,
            "best": is_best,
        }
        self.history.add(entry)
        tracked = {name: values[name] for _, name in self._metric_tracker.tracked_metrics}
        said = ", ".join(f"{name} {value:.4g}" for name, value in tracked.items())
        best = ", the best so far" if is_best else ""
        self.speed.restart()  # the time of an evaluation is none of the training
        logger.info("evaluation after %d updates: %s%s", self.updates_done, said, best)
        if self._primary:  # on the others, log writers have nothing to write to
            log_evaluation(self._callbacks, entry)

    def _save_best(self) -> None:
        self._best_model_filename = str(Path(self._serialization_dir) / "best.th")
        self.run.best_update = self.updates_done
        average = self._moving_average
        if self._primary or self.is_shared_out:
            if average is not None:
                average.assign_average_value()
            try:
                weights = gathered(self.model.state_dict(), keep=self._primary)
                if self._primary:
                    save_tensors(weights, self._best_model_filename)
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
        self.run.evaluates = self._should_validate_this_epoch
        self._epochs_completed += 1
        self._batches_in_epoch_completed = self.run.batches_done = 0
        self.run.epoch_losses = LossSums()
        if self._checkpointer is not None:
            self._checkpointer.maybe_save_checkpoint(self, self._epochs_completed, 0)
            if self._distributed:
                distributed.barrier()

    def _finish(self) -> None:
        """Make a last evaluation, and put the best weights into the model."""
        if self._stops():
            logger.info("No evaluation has been better for long enough: training ends here.")
        elif self._epochs_completed < self._num_epochs:
            hours, updates = self.settings.max_hours, self.updates_done
            logger.info(
                "The %s hours are over after %d updates: training ends here.", hours, updates
            )
        evaluated = bool(self.history.entries) and (
            self.history.entries[-1]["update"] == self.updates_done
        )
        if self.settings.evaluate_at_end and not evaluated:
            self._evaluate(self._epochs_completed - 1)
        if self.run.best_update is None:
            self._save_best()
        if self.run.best_update == self.updates_done:
            self._finalize_model()
        else:
            weights = load_tensors(self._best_model_filename)
            (self._ddp_wrapped_model or self.model).load_state_dict(weights)

    def get_checkpoint_state(self) -> TrainerCheckpoint | None:
        """Return the checkpoint, on the worker that writes it; every worker must call this."""
        if not self.is_shared_out:
            return trainer_state(self, super().get_checkpoint_state())
        is_primary, self._primary = self._primary, True  # AllenNLP's first worker gathers alone
        try:
            state = super().get_checkpoint_state()
        finally:
            self._primary = is_primary
        assert state is not None
        whole = gathered(state.trainer_state, keep=is_primary)
        return trainer_state(
            self, TrainerCheckpoint(state.model_state, whole) if is_primary else None
        )

    def _maybe_restore_checkpoint(self) -> None:
        checkpoint = None if self._checkpointer is None else self._checkpointer.load_checkpoint()
        if checkpoint is not None:
            restore_trainer(self, checkpoint)
