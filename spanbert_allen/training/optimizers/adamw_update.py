"""The arithmetic of one update of Adam with decay apart from the gradient."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from spanbert_allen.training.optimizers.clipping import own_shares

_FAR = 1e12
"""The number of an update at which bias correction has long become 1, to the last digit."""

_FUSED_TYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


def adamw_(
    parameters: list[Tensor], firsts: list[Tensor], seconds: list[Tensor], **options: Any
) -> None:
    """
    Update parameters and moments in place, in as few passes over memory as can be.

    # Parameters

    parameters, firsts, seconds : `list[Tensor]`
        Parameters with gradients, of any types, and their moments in the same shapes. Of what is
        shared out among workers, this worker's shares are updated.
    options : `Any`
        What `fused_adamw_` calls `rate`, `betas`, `weight_decay`, `eps` and `step`.
    """
    alike: dict[tuple[bool, torch.device, torch.dtype, int | None], list[tuple[Tensor, ...]]] = {}
    for tensors in zip(parameters, firsts, seconds, strict=True):
        fused = can_be_fused(tensors[0])
        # Single operations on the CPU: a tensor at a time is still in the cache at the next one.
        alone = None if fused or tensors[0].device.type != "cpu" else id(tensors[0])
        key = (fused, tensors[0].device, tensors[0].dtype, alone)
        shares = own_shares([tensors[0], tensors[0].grad, *tensors[1:]])
        alike.setdefault(key, []).append(tuple(shares))
    for (fused, _, _, _), members in alike.items():
        update = fused_adamw_ if fused else foreach_adamw_
        update(*(list(tensors) for tensors in zip(*members, strict=True)), **options)


def can_be_fused(parameter: Tensor) -> bool:
    """
    Tell whether torch's fused kernel takes a parameter.

    The kernel goes over memory once where single operations go seven times, and rounds half-
    precision numbers once.

    # Parameters

    parameter : `Tensor`
        One with a gradient.
    """
    gradient = parameter.grad
    return (
        gradient is not None
        and parameter.dtype in _FUSED_TYPES
        and parameter.device.type in ("cpu", "cuda")
        and parameter.is_contiguous()
        and gradient.dtype == parameter.dtype
        and gradient.is_contiguous()
    )


def fused_adamw_(
    parameters: list[Tensor],
    gradients: list[Tensor],
    firsts: list[Tensor],
    seconds: list[Tensor],
    *,
    rate: float,
    betas: tuple[float, float],
    weight_decay: float,
    eps: float,
    step: int | None,
) -> None:
    """
    Update parameters of one device and type, and their moments, in place with one kernel.

    # Parameters

    parameters, gradients, firsts, seconds : `list[Tensor]`
        Each list has the parameters' shapes.
    rate : `float`
        The learning rate.
    betas : `tuple[float, float]`
        Of the first and the second moment.
    weight_decay : `float`
        Times the rate, the share of the old weight that is taken off.
    eps : `float`
        Added outside of the root.
    step : `int | None`
        The number of this update, from 1, for bias correction; `None` for none.
    """
    # Shape: ()
    count = torch.full((), _FAR if step is None else float(step), device=parameters[0].device)
    torch._fused_adamw_(
        parameters,
        gradients,
        firsts,
        seconds,
        [],
        [count] * len(parameters),
        lr=rate,
        beta1=betas[0],
        beta2=betas[1],
        weight_decay=weight_decay,
        eps=eps,
        amsgrad=False,
        maximize=False,
    )


def foreach_adamw_(
    parameters: list[Tensor],
    gradients: list[Tensor],
    firsts: list[Tensor],
    seconds: list[Tensor],
    *,
    rate: float,
    betas: tuple[float, float],
    weight_decay: float,
    eps: float,
    step: int | None,
) -> None:
    """Update parameters as `fused_adamw_` does, for any type of number and layout."""
    correction1, correction2 = 1.0, 1.0
    if step is not None:
        correction1, correction2 = (1.0 - beta**step for beta in betas)
    # All of these lists have the parameters' shapes.
    torch._foreach_lerp_(firsts, gradients, 1.0 - betas[0])
    torch._foreach_mul_(seconds, betas[1])
    torch._foreach_addcmul_(seconds, gradients, gradients, 1.0 - betas[1])
    denominators = torch._foreach_sqrt(seconds)
    if step is not None:
        torch._foreach_div_(denominators, math.sqrt(correction2))
    torch._foreach_add_(denominators, eps)
    if weight_decay:
        torch._foreach_mul_(parameters, 1.0 - rate * weight_decay)
    torch._foreach_addcdiv_(parameters, firsts, denominators, -rate / correction1)
