"""What a model computes in when it is not trained."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from spanbert_allen.common.errors import ConfigError

_DTYPES = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


def checked_precision(name: str) -> str:
    """
    The name itself.

    # Errors

    `ConfigError` if it is none of `fp32`, `bf16` and `fp16`.
    """
    if name not in _DTYPES:
        raise ConfigError(
            f"model.precision: {name!r} is none of 'fp32', 'bf16' and 'fp16'; 'bf16' is fastest on "
            "a processor with AMX or AVX512-BF16"
        )
    return name


def mixed_precision(name: str, device: torch.device) -> AbstractContextManager[Any]:
    """
    The context in which products are made in 16 bits; `fp32` changes nothing, not even a context
    that is there.

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
