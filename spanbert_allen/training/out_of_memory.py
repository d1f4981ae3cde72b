"""What to do when memory runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from spanbert_allen.common.errors import UserError
from spanbert_allen.modules.spanbert_embedder import SpanbertEmbedder
from spanbert_allen.training.token_budget import TokenBudgetSampler

if TYPE_CHECKING:
    from spanbert_allen.training.training_loop import TrainingLoop

_CPU_MESSAGES = ("can't allocate memory", "not enough memory")


def out_of_memory(error: BaseException, trainer: TrainingLoop) -> UserError | None:
    """
    The sentence for an error, if it is that memory ran out: it names the settings of this run that
    need less. The kernel may also end a process without any error; that is why the need is said
    before the first update.

    # Parameters

    error : `BaseException`
        What training raised.
    trainer : `TrainingLoop`
        Whose settings are looked at. A model may name more in an attribute `memory_knobs`.

    # Returns

    `UserError | None`
        `None` for other errors.
    """
    if not _is_out_of_memory(error):
        return None
    return UserError(
        f"the memory of {trainer.cuda_device} ran out after {trainer.updates_done} updates: "
        f"{'; '.join(_knobs(trainer))}; checkpoints are whole, but `--recover` asks for the same "
        "configuration"
    )


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _CPU_MESSAGES)


def _knobs(trainer: TrainingLoop) -> list[str]:
    """What can be turned in this run, the cheapest first."""
    knobs = []
    sampler = getattr(trainer.data_loader, "batch_sampler", None)
    size = getattr(trainer.data_loader, "batch_size", None)
    if isinstance(sampler, TokenBudgetSampler):
        knobs.append("lower the budget of `data_loader.batch_sampler`")
    elif size is None or size > 1:
        knobs.append(
            "lower the batch size and raise `trainer.num_gradient_accumulation_steps` by as much"
        )
    if trainer.precision.name == "fp32":
        knobs.append("set `trainer.precision` to 'bf16'")
    encoders = [m for m in trainer.model.modules() if isinstance(m, SpanbertEmbedder)]
    if any(not encoder.encoder.is_gradient_checkpointing for encoder in encoders):
        knobs.append("set `gradient_checkpointing` of the embedder to true")
    knobs += [f"lower `{knob}`" for knob in getattr(trainer.model, "memory_knobs", ())]
    if encoders:
        knobs.append("lower `max_length` of the indexer, or train fewer layers (`train`)")
    return knobs or ["use a smaller model"]
