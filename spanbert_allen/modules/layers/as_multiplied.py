"""Tensors as products want them, before they are multiplied many times."""

from __future__ import annotations

import torch
from torch import Tensor


def as_multiplied(tensor: Tensor) -> Tensor:
    """
    Mixed precision casts what is multiplied at every product, and `linear` may want it without gaps
    between its rows; what many chunks multiply is better cast or copied once.

    # Parameters

    tensor : `Tensor`
        Shape: any

    # Returns

    `Tensor`
        Shape: the tensor's
    """
    if not torch.is_autocast_enabled(tensor.device.type):
        return tensor.contiguous()
    return tensor.to(torch.get_autocast_dtype(tensor.device.type))
