"""
Products in float32 on processors where oneDNN makes them faster than MKL.

Torch's builds come with both libraries and always give float32 to MKL, which reaches less than half
of what an AMD processor with AVX-512 can do (`benchmarks/linear_products.py`). Nothing but
roundings differs.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spanbert_allen.common.processor import processor_words

SWITCH = "SPANBERT_ALLEN_ONEDNN"
"""The environment variable that decides instead of the kind of processor: `1` or `0`."""
_FEWEST_ROWS = 16
"""Below, the library's start costs more than it gains."""


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """
    Compute `rows @ weight.T + bias`, as torch's function of that name does.

    # Parameters

    rows : `Tensor`
        Shape: (..., num_inputs)
    weight : `Tensor`
        Shape: (num_outputs, num_inputs)
    bias : `Tensor`, optional (default = `None`)
        Shape: (num_outputs,)

    # Returns

    `Tensor`
        Shape: (..., num_outputs)
    """
    if not _takes(rows, weight):
        return functional.linear(rows, weight, bias)
    product: Tensor = _Linear.apply(rows, weight, bias)
    return product


class FastLinear(nn.Linear):
    """Apply a `torch.nn.Linear` by `linear`."""

    def forward(self, input: Tensor) -> Tensor:
        """
        Apply the layer.

        Shapes: (..., in_features) to (..., out_features)
        """
        return linear(input, self.weight, self.bias)


def use_fast_linear(module: nn.Module) -> None:
    """Make each `torch.nn.Linear` in a module a `FastLinear`; weights and their names stay."""
    for part in module.modules():
        if type(part) is nn.Linear:
            part.__class__ = FastLinear


@functools.cache
def is_faster() -> bool:
    """Tell whether `linear` uses oneDNN: on AMD processors with AVX-512, or as `SWITCH` says."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    switch = os.environ.get(SWITCH)
    if switch in ("0", "1"):
        return switch == "1"
    is_wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return is_wide and "AuthenticAMD" in processor_words()


def _takes(rows: Tensor, weight: Tensor) -> bool:
    return (
        not torch.compiler.is_compiling()
        and is_faster()
        and rows.dtype == weight.dtype == torch.float32
        and rows.device.type == "cpu"
        and rows.numel() >= _FEWEST_ROWS * rows.size(-1)
        and not torch.is_autocast_enabled("cpu")
    )


def _product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(
        _dense(rows), _dense(weight), bias, "none", [], ""
    )
    return product


def _dense(tensor: Tensor) -> Tensor:
    """Without gaps between rows, for which oneDNN has nothing but a loop of hours."""
    if tensor.dim() == 2 and tensor.t().is_contiguous():
        return tensor
    return tensor.contiguous()


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return _product(rows, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        rows, weight = ctx.saved_tensors
        needs_rows, needs_weight, needs_bias = ctx.needs_input_grad
        # Shape: (num_rows, num_outputs)
        flat = gradient.flatten(0, -2)
        return (
            _product(gradient, weight.t()) if needs_rows else None,
            _product(flat.t(), rows.flatten(0, -2).t()) if needs_weight else None,
            flat.sum(0) if needs_bias else None,
        )
