"""The settings of a run that decide how much memory it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers import PreTrainedModel

from spanbert_allen.training.batches.token_budget import TokenBudgetSampler

if TYPE_CHECKING:
    from spanbert_allen.training.loop.training_loop import TrainingLoop


def memory_knobs(trainer: TrainingLoop) -> list[str]:
    """
    What can be done in this run to need less memory, what costs least first.

    # Parameters

    trainer : `TrainingLoop`
        Whose settings are looked at. Its model may name settings of its own, which need less memory
        when lower, in an attribute `memory_knobs`.

    # Returns

    `list[str]`
        Each an advice such as "set `trainer.precision` to 'bf16'". Those for validation data when
        the model is evaluating.
    """
    if not trainer.model.training:
        loader = trainer._validation_data_loader
        return [*_smaller_batches("validation_data_loader", loader), *_of_model(trainer)]
    knobs = [
        f"{knob} and raise `trainer.num_gradient_accumulation_steps` by as much"
        for knob in _smaller_batches("data_loader", trainer.data_loader)
    ]
    if trainer.precision.name == "fp32":
        knobs.append("set `trainer.precision` to 'bf16'")
    encoders = [
        module
        for module in trainer.model.modules()
        if isinstance(module, PreTrainedModel) and any(p.requires_grad for p in module.parameters())
    ]
    if any(not encoder.is_gradient_checkpointing for encoder in encoders):
        knobs.append("set `gradient_checkpointing` of the embedder to true")
    knobs += _of_model(trainer)
    if encoders:
        knobs.append("train fewer layers of the encoder (`train` of the embedder)")
    return knobs or ["use a smaller model"]


def _of_model(trainer: TrainingLoop) -> list[str]:
    return [f"set a lower `{knob}`" for knob in getattr(trainer.model, "memory_knobs", ())]


def _smaller_batches(name: str, loader: object) -> list[str]:
    """Nothing for a loader whose batches are single instances already."""
    sampler = getattr(loader, "batch_sampler", None)
    if isinstance(sampler, TokenBudgetSampler):
        return [f"lower `{name}.batch_sampler.max_pieces`"]
    size = getattr(loader, "batch_size", None)
    if size is not None:
        return [f"lower `{name}.batch_size` from {size}"] if size > 1 else []
    size = None if sampler is None else sampler.get_batch_size()
    if size is not None:
        return [f"lower `{name}.batch_sampler.batch_size` from {size}"] if size > 1 else []
    return [f"make the batches of `{name}` smaller"]
