"""The number that scores are divided by before they become probabilities."""

from __future__ import annotations

from spanbert_allen.common.errors import ConfigError


def checked_temperature(temperature: float) -> float:
    """Return a temperature; raises `ConfigError` if it is not above 0."""
    if not temperature > 0:
        raise ConfigError(f"model.temperature is {temperature}: it must be above 0; 1 changes none")
    return temperature
