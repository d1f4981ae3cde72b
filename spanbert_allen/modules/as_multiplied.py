"""Tensors in the type that products are made in, before they are multiplied many times."""

from __future__ import annotations

import torch
from torch import Tensor


def as_multiplied(tensor: Tensor) -> Tensor:
    """
    Mixed precision casts what is multiplied at every product; what many chunks multiply is better
    cast once. Without mixed precision, the tensor itself.

    # Parameters

    tensor : `Tensor`
        Shape: any

    # Returns

    `Tensor`
        Shape: the tensor's
    """
    if not torch.is_autocast_enabled(tensor.device.type):
        return tensor
    return tensor.to(torch.get_autocast_dtype(tensor.device.type))
