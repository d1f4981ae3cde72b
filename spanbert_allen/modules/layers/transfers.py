"""
Copies between the CPU and a device, of several tensors at once.

A GPU works through a queue. Whoever asks for its numbers waits until the queue is empty, and the
GPU has nothing to do until the CPU has filled it again. So what the CPU needs is brought over in
one copy, and what follows from it is sent back in one.
"""

from __future__ import annotations

import torch
from torch import Tensor

_CPU = torch.device("cpu")


def to_cpu(*tensors: Tensor) -> tuple[Tensor, ...]:
    """
    Bring tensors to the CPU in one copy, for which the device has to finish what it was given.

    They may be of any shapes and types. Those of the CPU are returned as they are.

    # Returns

    `tuple[Tensor, ...]`
        Without gradients if they come from a device. Shapes: the tensors'
    """
    there = [i for i, tensor in enumerate(tensors) if tensor.device.type != "cpu"]
    if not there:
        return tensors
    found = list(tensors)
    for i, tensor in zip(there, _moved([tensors[i] for i in there], _CPU), strict=True):
        found[i] = tensor
    return tuple(found)


def to_device(device: torch.device, *tensors: Tensor) -> tuple[Tensor, ...]:
    """
    Send tensors of the CPU to a device in one copy, for which nobody waits.

    They may be of any shapes and types. Those of a device are returned as they are.

    # Parameters

    device : `torch.device`
        Where to. If it is the CPU, nothing is copied.

    # Returns

    `tuple[Tensor, ...]`
        Without gradients if they were copied. Shapes: the tensors'
    """
    here = [i for i, tensor in enumerate(tensors) if tensor.device.type == "cpu"]
    if device.type == "cpu" or not here:
        return tensors
    found = list(tensors)
    for i, tensor in zip(here, _moved([tensors[i] for i in here], device), strict=True):
        found[i] = tensor
    return tuple(found)


def select_rows(rows: Tensor, chosen: Tensor) -> Tensor:
    """
    Return some rows of a tensor that may be on a device, without a read from there.

    # Parameters

    rows : `Tensor`
        Shape: (num_rows, dim)
    chosen : `Tensor`
        Whether a row is wanted, on the CPU. Shape: (num_rows,), boolean

    # Returns

    `Tensor`
        Shape: (num_chosen, dim)
    """
    (places,) = to_device(rows.device, chosen.nonzero().squeeze(-1))
    return rows.index_select(0, places)


def _moved(tensors: list[Tensor], device: torch.device) -> list[Tensor]:
    if len(tensors) == 1:
        return [_copied(tensors[0].detach(), device)]
    # As bytes, those of wide numbers first: each tensor then begins at a multiple of its width.
    order = sorted(range(len(tensors)), key=lambda i: -tensors[i].itemsize)
    parts = [tensors[i].detach().contiguous().flatten().view(torch.uint8) for i in order]
    moved = _copied(torch.cat(parts), device).split([len(part) for part in parts])
    found = list(tensors)
    for i, part in zip(order, moved, strict=True):
        found[i] = part.view(tensors[i].dtype).view(tensors[i].shape)
    return found


def _copied(tensor: Tensor, device: torch.device) -> Tensor:
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
