"""The part of a checkpoint that AllenNLP's lacks, so that a run goes on as if never stopped."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Protocol

import torch
from allennlp.models import Model
from allennlp.nn.util import dist_reduce_sum
from allennlp.training import GradientDescentTrainer
from allennlp.training.trainer import TrainerCheckpoint
from torch import Tensor, distributed

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.optimizers.parts import parts_of
from spanbert_allen.training.recovery.full_tensors import shared_out, shared_out_optimizer
from spanbert_allen.training.recovery.metric_state import load_metric_state, metric_state
from spanbert_allen.training.recovery.other_workers import (
    accumulation_for,
    place_in_epoch,
    state_of_worker,
)
from spanbert_allen.training.recovery.random_state import random_state

logger = logging.getLogger(__name__)

KEY = "spanbert"


class Stateful(Protocol):
    """A part of a trainer that a checkpoint keeps."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state as tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Go on from a state."""


class HasSteps(Protocol):
    """The accumulation of batches into updates."""

    steps: int


class RunCounts(Stateful, Protocol):
    """The counts of a run; the sums of losses are each worker's own."""

    batches_done: int
    losses: Stateful
    epoch_losses: Stateful


class RecoverableTrainer(Protocol):
    """
    The part of the trainer that checkpoints need, beside what AllenNLP's own trainer has.

    `restored_random_state` is where the trainer finds the random state to begin its next epoch
    with.
    """

    model: Model
    accumulation: HasSteps
    batches: Stateful
    run: RunCounts
    history: Stateful
    precision: Stateful
    gradients_carried: bool
    restored_random_state: dict[str, Any] | None

    @property
    def is_distributed(self) -> bool:
        """Tell whether several workers train together."""

    @property
    def updates_done(self) -> int:
        """Return the number of updates so far."""


def trainer_state(
    trainer: RecoverableTrainer, checkpoint: TrainerCheckpoint | None
) -> TrainerCheckpoint | None:
    """
    Complete AllenNLP's checkpoint. On several workers all must call this.

    # Parameters

    trainer : `RecoverableTrainer`
        Between two updates.
    checkpoint : `TrainerCheckpoint`, optional
        What AllenNLP keeps; `None` on a worker that writes nothing.

    # Returns

    `TrainerCheckpoint | None`
        The checkpoint with one more entry of tensors and plain values. It has the random states,
        the place in the data and the sums of losses and metrics of every worker, the history, the
        loss scale, and gradients that wait for the next epoch.
    """
    mine = {
        "random": random_state(),
        "metrics": metric_state(trainer.model),
        "batches": trainer.batches.state_dict(),
        "losses": trainer.run.losses.state_dict(),
        "epoch_losses": trainer.run.epoch_losses.state_dict(),
    }
    workers: list[Any] = [mine]
    if trainer.is_distributed:
        workers = [None] * distributed.get_world_size()
        distributed.all_gather_object(workers, mine)
    carried = _carried_gradients(trainer)
    if checkpoint is None:
        return None
    checkpoint.trainer_state[KEY] = {
        "workers": workers,
        "run": trainer.run.state_dict(),
        "updates_done": trainer.updates_done,
        "accumulation_steps": trainer.accumulation.steps,
        "frozen": _frozen(trainer.model),
        "history": trainer.history.state_dict(),
        "precision": trainer.precision.state_dict(),
        "carried_gradients": carried,
    }
    return checkpoint


def restore_trainer(trainer: RecoverableTrainer, checkpoint: TrainerCheckpoint) -> None:
    """
    Put a trainer where it was when a checkpoint was made.

    # Parameters

    trainer : `RecoverableTrainer`
        Newly built from the same configuration. The number of workers may be another one: an update
        then keeps its number of batches if they can share them evenly.
    checkpoint : `TrainerCheckpoint`
        Made by `trainer_state`.

    # Errors

    `ConfigError` for a checkpoint of another trainer.
    """
    model_state, state = checkpoint
    if KEY not in state:
        raise ConfigError(
            "the checkpoint to recover from was not written by the trainer `spanbert`: go on with "
            "the trainer it was written by, or train anew in another folder"
        )
    ours = state[KEY]
    rank = distributed.get_rank() if trainer.is_distributed else 0
    world_size = distributed.get_world_size() if trainer.is_distributed else 1
    _restore_allennlp_part(trainer, model_state, state)
    _freeze(trainer.model, ours.get("frozen"))
    mine = state_of_worker(ours["workers"], rank, world_size)
    trainer.restored_random_state = mine["random"]
    load_metric_state(trainer.model, mine["metrics"])
    trainer.batches.load_state_dict(mine["batches"])
    trainer.run.load_state_dict(ours["run"])
    _share_work(trainer, ours, world_size)
    trainer.run.losses.load_state_dict(mine["losses"])
    trainer.run.epoch_losses.load_state_dict(mine["epoch_losses"])
    trainer.history.load_state_dict(ours["history"])
    trainer.precision.load_state_dict(ours["precision"])
    _carry_gradients(trainer, ours["carried_gradients"])


def _share_work(trainer: RecoverableTrainer, ours: dict[str, Any], world_size: int) -> None:
    """Let updates be of as many batches as before, and the workers be where the others were."""
    before, accumulation = len(ours["workers"]), trainer.accumulation
    # Checkpoints of 0.2.0 do not say it; their number of workers was that of the configuration.
    wanted = before * ours.get("accumulation_steps", accumulation.steps)
    accumulation.steps = accumulation_for(wanted, world_size)
    if before == world_size:
        return
    trainer.run.batches_done = place_in_epoch(trainer.run.batches_done, before, world_size)
    logger.warning(
        "the run goes on with %d in place of %d workers: each adds up %d batches to an update of "
        "%d (before: %d), and which documents come in the rest of this epoch may differ",
        world_size,
        before,
        accumulation.steps,
        accumulation.steps * world_size,
        wanted,
    )


def _restore_allennlp_part(
    trainer: GradientDescentTrainer, model_state: dict[str, Any], state: dict[str, Any]
) -> None:
    (trainer._ddp_wrapped_model or trainer.model).load_state_dict(model_state)
    trainer._metric_tracker.load_state_dict(state["metric_tracker"])
    for name, part in parts_of(trainer.optimizer).items():
        part_state = state["optimizer"][name] if name else state["optimizer"]
        _check_groups(part_state, part)
        part.load_state_dict(shared_out_optimizer(part_state, part))
    for callback, callback_state in zip(trainer._callbacks, state["callbacks"], strict=True):
        callback.load_state_dict(callback_state)
    for name in ("learning_rate_scheduler", "momentum_scheduler"):
        part = getattr(trainer, f"_{name}")
        if part is not None:
            part.load_state_dict(state[name])
    if trainer._moving_average is not None:
        # Its own `load_state_dict` would average copies of the weights from here on.
        before = _by_own_name(state["moving_average"]["shadows"])
        for name, shadow in _by_own_name(trainer._moving_average._shadows).items():
            shadow.copy_(shared_out(before[name], shadow))
    trainer._epochs_completed = state["epochs_completed"]
    trainer._batches_in_epoch_completed = state["batches_in_epoch_completed"]
    trainer._total_batches_completed = state[KEY]["updates_done"]
    if state["best_model_filename"] is not None:  # its folder may have been another one then
        name = Path(state["best_model_filename"]).name
        trainer._best_model_filename = str(Path(trainer._serialization_dir) / name)


def _frozen(model: Model) -> list[str]:
    """Return the parameters that are not trained now; a scheduler may unfreeze them later."""
    return [name for name, parameter in model.named_parameters() if not parameter.requires_grad]


def _freeze(model: Model, names: list[str] | None) -> None:
    """Train all parameters but some; checkpoints of 0.2.0 do not name these."""
    if names is not None:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in names)


def _check_groups(state: dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
    """Raise a `ConfigError` if the groups of a checkpoint are of other parameters."""
    before, now = (
        [len(group["params"]) for group in groups]
        for groups in (state["param_groups"], optimizer.param_groups)
    )
    if before != now:
        raise ConfigError(
            f"the parameter groups of the checkpoint have {before} parameters, those of the "
            f"trainer {now}: until 0.2.0, patterns such as `^embedder` in "
            "`trainer.optimizer.parameter_groups` and `trainer.no_grad` matched nothing on several "
            "workers; train anew in another folder (`trainer.init` can take the weights of this "
            "one)"
        )


def _by_own_name(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors by the names of parameters; until 0.2.0 those of workers had a prefix."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def _carried_gradients(trainer: RecoverableTrainer) -> dict[str, Any]:
    """Return the gradients that wait; on several workers their mean, for each to go on with."""
    if not trainer.gradients_carried:
        return {}
    trained = [one for one in trainer.model.named_parameters() if one[1].requires_grad]
    if not trainer.is_distributed:
        return {name: parameter.grad for name, parameter in trained if parameter.grad is not None}
    # Shape: (num_trained_parameters,)
    present = torch.tensor([parameter.grad is not None for _, parameter in trained]).int()
    present = dist_reduce_sum(present)
    means = {}
    for (name, parameter), num_workers in zip(trained, present.tolist(), strict=True):
        if num_workers:
            # Shape: the parameter's
            grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            means[name] = dist_reduce_sum(grad.detach()) / distributed.get_world_size()
    return means


def _carry_gradients(trainer: RecoverableTrainer, gradients: dict[str, Any]) -> None:
    trainer.gradients_carried = bool(gradients)
    for name, parameter in trainer.model.named_parameters():
        if name in gradients:
            # Shape: the parameter's
            parameter.grad = gradients[name].to(parameter.device)
