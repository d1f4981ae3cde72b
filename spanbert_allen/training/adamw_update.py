"""The arithmetic of one update of Adam with decay apart from the gradient."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_FAR = 1e12
"""The number of an update at which bias correction has long become 1, to the last digit."""


def can_be_fused(parameters: list[Tensor]) -> bool:
    """
    Whether torch's fused kernel takes the parameters: it goes over memory once where single
    operations go seven times.

    # Parameters

    parameters : `list[Tensor]`
        On one device, with gradients.
    """
    return all(
        parameter.dtype in (torch.float32, torch.float64)
        and parameter.device.type in ("cpu", "cuda")
        and parameter.is_contiguous()
        and parameter.grad is not None
        and parameter.grad.dtype == parameter.dtype
        and parameter.grad.is_contiguous()
        for parameter in parameters
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
    Update parameters and moments in place, with one kernel.

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
    count = torch.tensor(_FAR if step is None else float(step), device=parameters[0].device)
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
    """The same in single operations, for any type of number and layout; see `fused_adamw_`."""
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
