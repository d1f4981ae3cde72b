"""Scores, softmax and losses in float32, whatever precision products are made in."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """
    Mixed precision gives products in 16 bits, of which bfloat16 keeps eight for the number itself:
    too few to rank thousands of spans, or to add up a loss. float64 stays.

    # Parameters

    tensor : `Tensor`
        Of any floating type. Shape: any

    # Returns

    `Tensor`
        Shape: the tensor's
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
