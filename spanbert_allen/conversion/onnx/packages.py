"""The packages that ONNX needs, which are an extra."""

from __future__ import annotations

from importlib.util import find_spec

from spanbert_allen.common.errors import ConfigError

_PACKAGES = ("onnx", "onnxruntime")


def require_packages(asked: str) -> None:
    """
    Check that what writes and runs graphs is installed.

    # Parameters

    asked : `str`
        What the user asked for, such as `--format onnx`, for the message.

    # Errors

    `ConfigError` if a package is missing.
    """
    for name in _PACKAGES:
        if find_spec(name) is None:
            raise ConfigError(
                f"{asked} needs the package {name}, which is not installed: "
                f"pip install {' '.join(_PACKAGES)}"
            )
