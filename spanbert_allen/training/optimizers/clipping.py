"""Clipping gradients to a norm, without waiting for the device."""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed

_GUARD = 1e-6
"""Added to a norm before dividing by it, as `torch.nn.utils.clip_grad_norm_` does."""


def own_shares(tensors: list[Any]) -> list[Any]:
    """
    Return what this worker holds of each tensor: all of it, or a share, as a plain tensor.

    # Parameters

    tensors : `list[Tensor]`
        Of any shapes; operations in place on a share change the tensor.
    """
    return [one.to_local() if hasattr(one, "to_local") else one for one in tensors]


def clip_each(gradients: list[torch.Tensor], max_norm: float) -> None:
    """
    Clip every tensor to an L2 norm of its own, in place.

    # Parameters

    gradients : `list[torch.Tensor]`
        Of any shapes, on one device.
    max_norm : `float`
        No tensor is longer than this afterwards; shorter ones stay as they are.
    """
    if not gradients:
        return
    # Shape: (num_tensors,)
    norms = _norms(gradients)
    gradients = own_shares(gradients)
    # Shape: (num_tensors,)
    factors = (max_norm / (norms + _GUARD)).clamp(max=1.0)
    if factors.device.type == "cpu":  # where looking costs nothing: most tensors may stay
        longer = [i for i, factor in enumerate(factors.tolist()) if not factor >= 1.0]
        for i in longer:
            gradients[i].mul_(factors[i])
    else:
        torch._foreach_mul_(gradients, factors.unbind())


def clip_together(gradients: list[torch.Tensor], max_norm: float) -> None:
    """
    Clip all tensors, seen as one long vector, to an L2 norm, in place.

    # Parameters

    gradients : `list[torch.Tensor]`
        Of any shapes, on one device.
    max_norm : `float`
        The vector is no longer than this afterwards; a shorter one stays as it is.
    """
    if not gradients:
        return
    # Shape: ()
    norm = torch.linalg.vector_norm(_norms(gradients))
    gradients = own_shares(gradients)
    # Shape: ()
    factor = (max_norm / (norm + _GUARD)).clamp(max=1.0)
    if factor.device.type != "cpu" or not factor >= 1.0:
        torch._foreach_mul_(gradients, factor)


def _norms(gradients: list[Any]) -> torch.Tensor:
    """Return the L2 norm of each tensor, of all its shares together."""
    # Shape: (num_tensors,)
    norms = _norms_of_shares(own_shares(gradients))
    if hasattr(gradients[0], "device_mesh"):
        squares = norms.square()
        distributed.all_reduce(squares, group=gradients[0].device_mesh.get_group())
        norms = squares.sqrt()
    return norms


def _norms_of_shares(gradients: list[torch.Tensor]) -> torch.Tensor:
    """Return the L2 norm of each tensor, never in half precision."""
    if all(gradient.dtype.itemsize >= torch.float32.itemsize for gradient in gradients):
        # Shape: (num_tensors,)
        return torch.stack(torch._foreach_norm(gradients))
    wide = [torch.promote_types(gradient.dtype, torch.float32) for gradient in gradients]
    # Shape: (num_tensors,)
    return torch.stack(
        [
            torch.linalg.vector_norm(gradient, dtype=dtype)
            for gradient, dtype in zip(gradients, wide, strict=True)
        ]
    )
