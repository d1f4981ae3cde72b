"""Refuse a GPU that is not there in one sentence, wherever it was asked for."""

from __future__ import annotations

import functools
from typing import Any

import torch
from allennlp.common import checks
from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.replacing import replace_function

_check_for_gpu = checks.check_for_gpu
_load = Model.load.__func__


def install() -> None:
    """Make AllenNLP check devices as `check_for_gpu` does, also before it loads a model."""
    replace_function(_check_for_gpu, check_for_gpu)
    Model.load = classmethod(load)


@functools.wraps(_check_for_gpu)
def check_for_gpu(device: Any) -> None:
    for one in device if isinstance(device, list) else [device]:
        if isinstance(one, torch.device):
            number = (one.index or 0) if one.type == "cuda" else -1
        else:
            number = -1 if one is None else int(one)
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if number >= count:
            seen = f"torch sees {count}, counted from 0" if count else "torch sees none"
            raise ConfigError(
                f"there is no GPU {number} here ({seen}): for the CPU give --cuda-device -1, "
                "`device='cpu'` or, in a configuration, `trainer.cuda_device: -1`"
            )


@functools.wraps(_load)
def load(
    cls: type[Model],
    config: Any,
    serialization_dir: Any,
    weights_file: Any = None,
    cuda_device: int = -1,
) -> Model:
    check_for_gpu(cuda_device)
    return _load(cls, config, serialization_dir, weights_file, cuda_device)
