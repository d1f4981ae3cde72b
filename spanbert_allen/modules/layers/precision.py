"""The precision that a model computes in, and the tensors that need another one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError

_DTYPES = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


def checked_precision(name: str) -> str:
    """
    Return the name of a precision if there is one of that name.

    # Parameters

    name : `str`
        The value of `model.precision`.

    # Errors

    `ConfigError` if it is not `fp32`, `bf16` or `fp16`.
    """
    if name not in _DTYPES:
        raise ConfigError(
            f"model.precision: {name!r} is none of 'fp32', 'bf16' and 'fp16'; 'bf16' is fastest on "
            "a processor with AMX or AVX512-BF16"
        )
    return name


def mixed_precision(name: str, device: torch.device) -> AbstractContextManager[Any]:
    """
    Return the context in which torch computes matrix products in 16 bits.

    With `fp32` the context does nothing: an outer `autocast` stays in effect.

    # Parameters

    name : `str`
        `fp32`, `bf16` or `fp16`.
    device : `torch.device`
        Where the model is.
    """
    dtype = _DTYPES[name]
    if dtype is None:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)


def at_least_float32(tensor: Tensor) -> Tensor:
    """
    Cast a 16-bit tensor to float32, for scores, softmax and losses.

    Mixed precision gives products in 16 bits. bfloat16 keeps eight of them for the significand,
    which is too few to rank thousands of spans or to sum a loss.

    # Parameters

    tensor : `Tensor`
        Of any floating type. Shape: any

    # Returns

    `Tensor`
        float32, or float64 if the input was. Shape: the tensor's
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def to_matmul_dtype(tensor: Tensor) -> Tensor:
    """
    Cast a tensor once to what `torch.autocast` would cast it to before every product.

    This saves time for a tensor that many chunks are multiplied with. Without autocast the tensor
    is made contiguous instead, for the same reason.

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
