"""What to do when memory runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from spanbert_allen.common.errors import UserError
from spanbert_allen.training.memory.knobs import memory_knobs

if TYPE_CHECKING:
    from spanbert_allen.training.loop.training_loop import TrainingLoop

_MESSAGES = (
    "can't allocate memory",  # torch on Linux
    "not enough memory",  # torch on Windows
    "bad_alloc",
    "CUDA out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


def out_of_memory(error: BaseException, trainer: TrainingLoop) -> UserError | None:
    """
    The sentence for an error, if it is that memory ran out: it names the settings of this run that
    need less. Linux may also end a process without any error; that is why the need is said before
    the first update.

    # Parameters

    error : `BaseException`
        What training raised.
    trainer : `TrainingLoop`
        Whose settings are looked at; see `memory_knobs`.

    # Returns

    `UserError | None`
        `None` for other errors.
    """
    if not _is_out_of_memory(error):
        return None
    doing = "training" if trainer.model.training else "evaluation"
    return UserError(
        f"the memory of the device {trainer.cuda_device} ran out in {doing} after "
        f"{trainer.updates_done} updates: {'; '.join(memory_knobs(trainer))}; with other settings "
        "a run begins anew in another folder"
    )


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _MESSAGES)
