"""The precision that a training run computes in: fp32, bf16 or fp16."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.processor import processor_words

logger = logging.getLogger(__name__)

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}
"""What x86 and ARM call it in /proc/cpuinfo."""
_LEAST_SCALE = 1.0
_SKIPPED = "skipped_updates"
_CLEAN_UPDATES_TO_GROW = 1000
"""Apex doubles the loss scale after so many updates without overflow; torch's default is 2000."""


def _has_bf16_instructions() -> bool:
    """Tell whether the processor has instructions for bf16; outside Linux assume that it has."""
    words = processor_words()
    return not words or not _BF16_FLAGS.isdisjoint(words)


def _has_bf16_units(device: torch.device) -> bool:
    """Tell whether a GPU computes in bf16; older ones imitate it, more slowly than float32."""
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


class Precision:
    """
    Apply fp32, bf16 or fp16 to forward and backward passes.

    Weights, optimizer state and checkpoints are always float32. `bf16` and `fp16` are mixed
    precision, in which torch chooses by operation (`torch.autocast`), on the CPU as on CUDA.

    With `fp16` the loss is scaled, from 2^16: an update whose gradients overflow is left out and
    halves the scale, 1000 updates without overflow double it. `bf16` has float32's range and needs
    no scale; on a processor without instructions for it, it is slow, which the log says.

    # Parameters

    name : `str`
        `fp32`, `bf16` or `fp16`.
    device : `torch.device`
        Where the model is.

    # Errors

    `ConfigError` for another name, or for bf16 on a GPU that has none.
    """

    def __init__(self, name: str, device: torch.device):
        if name not in _DTYPES:
            raise ConfigError(
                f"`trainer.precision` is {name!r}: it must be one of {', '.join(_DTYPES)}"
            )
        if name == "bf16" and device.type == "cuda" and not _has_bf16_units(device):
            raise ConfigError(
                f"`trainer.precision` is 'bf16', which {torch.cuda.get_device_name(device)} does "
                "not have: use 'fp16' or 'fp32'"
            )
        if name == "bf16" and device.type == "cpu" and not _has_bf16_instructions():
            logger.warning(
                "`trainer.precision` is 'bf16', for which this processor has no instructions "
                "(AVX512-BF16 or AMX): 'fp32' will be several times as fast"
            )
        self.name = name
        self.dtype = _DTYPES[name]
        self.device_type = device.type
        self.skipped_updates = 0
        """How many updates were left out because their gradients were not finite."""
        self.scaler: torch.amp.GradScaler | None = None
        # The scale and its count of clean updates once more, so that they need not be read.
        self._scale, self._clean_updates = 1.0, 0
        if name == "fp16":
            self.scaler = torch.amp.GradScaler(
                self.device_type, growth_interval=_CLEAN_UPDATES_TO_GROW
            )
            self._scale = self.scaler.get_scale()

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context of a forward pass."""
        if self.name == "fp32":
            return nullcontext()
        return torch.autocast(self.device_type, dtype=self.dtype)

    def backward(self, loss: Tensor) -> None:
        """
        Add the loss's gradients, which are scaled with `fp16` until the update.

        # Parameters

        loss : `Tensor`
            Shape: ()
        """
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()

    def update(self, optimizer: torch.optim.Optimizer) -> bool:
        """
        Let the optimizer make its update.

        # Parameters

        optimizer : `torch.optim.Optimizer`
            Its parameters have their gradients.

        # Returns

        Whether it did: with `fp16`, an update whose gradients are not finite is left out.
        """
        if self.scaler is None:
            optimizer.step()
            return True
        made: list[bool] = []
        hook = optimizer.register_step_post_hook(lambda *_: made.append(True))
        try:
            self.scaler.step(optimizer)  # which looks once whether gradients are finite
        finally:
            hook.remove()
        self.scaler.update()
        if made:
            self._clean_updates += 1
            if self._clean_updates == self.scaler.get_growth_interval():
                self._scale, self._clean_updates = self._scale * self.scaler.get_growth_factor(), 0
        else:
            self._scale, self._clean_updates = self._scale * self.scaler.get_backoff_factor(), 0
            self.skipped_updates += 1
        return bool(made)

    def may_overflow(self) -> bool:
        """Tell whether a loss may be infinite, as the scale of the loss can still fall."""
        return self.scaler is not None and self._scale > _LEAST_SCALE

    def metrics(self) -> dict[str, float]:
        """Return, with `fp16`, the number of updates of the run that were left out."""
        return {} if self.scaler is None else {_SKIPPED: self.skipped_updates}

    def state_dict(self) -> dict[str, Any]:
        """Return the state for `load_state_dict`: that of the loss scale, if there is one."""
        if self.scaler is None:
            return {}
        return {**self.scaler.state_dict(), _SKIPPED: self.skipped_updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the loss scale of a state."""
        if self.scaler is not None and state:
            self.skipped_updates = state.get(_SKIPPED, 0)
            self.scaler.load_state_dict({k: v for k, v in state.items() if k != _SKIPPED})
            self._scale, self._clean_updates = state["scale"], state["_growth_tracker"]
