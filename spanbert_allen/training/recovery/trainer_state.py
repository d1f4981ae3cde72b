"""What a checkpoint holds beside AllenNLP's part, so that a run goes on as if never stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.trainer import TrainerCheckpoint
from torch import distributed

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.recovery.metric_state import load_metric_state, metric_state
from spanbert_allen.training.recovery.random_state import random_state

if TYPE_CHECKING:
    from spanbert_allen.training.loop.training_loop import TrainingLoop

KEY = "spanbert"


def trainer_state(
    trainer: TrainingLoop, checkpoint: TrainerCheckpoint | None
) -> TrainerCheckpoint | None:
    """
    Completes AllenNLP's checkpoint. On several workers all must call it.

    # Parameters

    trainer : `TrainingLoop`
        Between two updates.
    checkpoint : `TrainerCheckpoint`, optional
        What AllenNLP keeps; `None` on a worker that writes nothing.

    # Returns

    The checkpoint with one more entry, of tensors and plain values: every worker's random states,
    place in the data and sums of losses and metrics; the history, the loss scale, and gradients
    that wait for the next epoch.
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
        "history": trainer.history.state_dict(),
        "precision": trainer.precision.state_dict(),
        "carried_gradients": carried,
    }
    return checkpoint


def restore_trainer(trainer: TrainingLoop, checkpoint: TrainerCheckpoint) -> None:
    """
    Puts a trainer where it was when the checkpoint was made.

    # Parameters

    trainer : `TrainingLoop`
        As it was built from the same configuration.
    checkpoint : `TrainerCheckpoint`
        Made by `trainer_state`.

    Raises `ConfigError` for a checkpoint of another trainer or number of workers.
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
    if len(ours["workers"]) != world_size:
        raise ConfigError(
            f"the checkpoint to recover from was written by {len(ours['workers'])} workers, but "
            f"there are {world_size} now: use as many, or train anew in another folder"
        )
    _restore_allennlp_part(trainer, model_state, state)
    trainer._total_batches_completed = ours["updates_done"]
    mine = ours["workers"][rank]
    trainer.restored_random_state = mine["random"]
    load_metric_state(trainer.model, mine["metrics"])
    trainer.batches.load_state_dict(mine["batches"])
    trainer.run.load_state_dict(ours["run"])
    trainer.run.losses.load_state_dict(mine["losses"])
    trainer.run.epoch_losses.load_state_dict(mine["epoch_losses"])
    trainer.history.load_state_dict(ours["history"])
    trainer.precision.load_state_dict(ours["precision"])
    _carry_gradients(trainer, ours["carried_gradients"])


def _restore_allennlp_part(
    trainer: TrainingLoop, model_state: dict[str, Any], state: dict[str, Any]
) -> None:
    (trainer._ddp_wrapped_model or trainer.model).load_state_dict(model_state)
    trainer._metric_tracker.load_state_dict(state["metric_tracker"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    for callback, callback_state in zip(trainer._callbacks, state["callbacks"], strict=True):
        callback.load_state_dict(callback_state)
    for name in ("learning_rate_scheduler", "momentum_scheduler"):
        part = getattr(trainer, f"_{name}")
        if part is not None:
            part.load_state_dict(state[name])
    if trainer._moving_average is not None:
        # Its own `load_state_dict` would average copies of the weights from here on.
        for name, average in state["moving_average"]["shadows"].items():
            trainer._moving_average._shadows[name].copy_(average)
    trainer._epochs_completed = state["epochs_completed"]
    trainer._batches_in_epoch_completed = state["batches_in_epoch_completed"]
    trainer._best_model_filename = state["best_model_filename"]


def _carried_gradients(trainer: TrainingLoop) -> dict[str, Any]:
    """On several workers the mean of theirs, so that each can go on with the same ones."""
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


def _carry_gradients(trainer: TrainingLoop, gradients: dict[str, Any]) -> None:
    trainer.gradients_carried = bool(gradients)
    for name, parameter in trainer.model.named_parameters():
        if name in gradients:
            # Shape: the parameter's
            parameter.grad = gradients[name].to(parameter.device)
