"""What to tell the user when memory runs out."""

from __future__ import annotations

import torch

from spanbert_allen.training.memory.available import held_memory

_GB = 1e9
_MUCH_UNUSED = 0.1
_IN_PIECES = (
    "set the variable PYTORCH_CUDA_ALLOC_CONF to 'expandable_segments:True', as {unused} GB are "
    "held in pieces too small to use"
)
_MESSAGES = (
    "can't allocate memory",  # torch on Linux
    "not enough memory",  # torch on Windows
    "bad_alloc",
    "CUDA out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """
    Tell whether an error means that memory ran out.

    Linux may also kill a process without any error. That is why a run states its need before the
    first update; see `memory_budget`.

    # Parameters

    error : `BaseException`
        What training raised.
    """
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _MESSAGES)


def out_of_memory_advice(
    knobs: list[str], *, device: torch.device, is_training: bool, updates_done: int
) -> str:
    """
    Return the sentence for a run whose memory ran out.

    # Parameters

    knobs : `list[str]`
        What can be changed; see `memory_knobs`.
    device : `torch.device`
        The device whose memory ran out.
    is_training : `bool`
        Whether the model was training, and not evaluating.
    updates_done : `int`
        The number of updates that the run had made.
    """
    doing = "training" if is_training else "evaluation"
    held, said = held_memory(device), ""
    if held is not None:
        said = (
            f" (tensors took {held.most_used / _GB:.1f} of its {held.total / _GB:.1f} GB at most)"
        )
        if held.unused > _MUCH_UNUSED * held.total:
            knobs = [*knobs, _IN_PIECES.format(unused=f"{held.unused / _GB:.1f}")]
    return (
        f"the memory of the device {device} ran out in {doing} after {updates_done} updates{said}: "
        f"{'; '.join(knobs)}; with other settings a run begins anew in another folder"
    )
