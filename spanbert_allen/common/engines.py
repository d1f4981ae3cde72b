"""What can run the encoder of a model that predicts."""

from __future__ import annotations

from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import shown

TORCH, ONNX, ONNX_INT8 = "torch", "onnx", "onnx-int8"
ENGINES = (TORCH, ONNX, ONNX_INT8)
ENGINE_HELP = "what runs the encoder; onnx and onnx-int8 are for the CPU"
"""What commands say of the option."""


def checked_engine(engine: Any) -> str:
    """Return the name of an engine; raise a `ConfigError` if it is none."""
    if engine not in ENGINES:
        raise ConfigError(f"`engine` is {shown(engine)}; it must be {', '.join(ENGINES)}")
    return str(engine)
