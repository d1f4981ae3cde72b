"""The settings of a run that decide how much memory it needs."""

from __future__ import annotations

from allennlp.data import DataLoader
from allennlp.models import Model
from transformers import PreTrainedModel

from spanbert_allen.training.batches.token_budget import TokenBudgetSampler


def memory_knobs(model: Model, data_loader: DataLoader, precision: str) -> list[str]:
    """
    List what the user can change to make a run need less memory, the cheapest change first.

    # Parameters

    model : `Model`
        In training mode, or in evaluation mode for advice on validation. An attribute
        `memory_knobs` may name settings of the model that need less memory when they are lower.
    data_loader : `DataLoader`
        The loader of the data that the model is run on: the training or the validation data. An
        attribute `memory_knobs` may name settings of the loader likewise.
    precision : `str`
        The value of `trainer.precision`.

    # Returns

    `list[str]`
        One piece of advice each, such as "set `trainer.precision` to 'bf16'".
    """
    if not model.training:
        return [*_smaller_batches("validation_data_loader", data_loader), *_of_model(model)]
    knobs = [
        f"{knob} and raise `trainer.num_gradient_accumulation_steps` by as much"
        for knob in _smaller_batches("data_loader", data_loader)
    ]
    if precision == "fp32":
        knobs.append("set `trainer.precision` to 'bf16'")
    encoders = [
        module
        for module in model.modules()
        if isinstance(module, PreTrainedModel) and any(p.requires_grad for p in module.parameters())
    ]
    if any(not encoder.is_gradient_checkpointing for encoder in encoders):
        knobs.append("set `gradient_checkpointing` of the embedder to true")
    knobs += _of_model(model)
    if encoders:
        knobs.append("train fewer layers of the encoder (`train` of the embedder)")
    return knobs or ["use a smaller model"]


def _of_model(model: Model) -> list[str]:
    return [f"set a lower `{knob}`" for knob in getattr(model, "memory_knobs", ())]


def _smaller_batches(name: str, loader: object) -> list[str]:
    """Return no advice for a loader whose batches are single instances already."""
    own = getattr(loader, "memory_knobs", None)
    if own is not None:
        return [f"lower `{name}.{knob}`" for knob in own]
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
