"""The counts of a model's metrics, as plain values."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy
import torch
from allennlp.models import Model
from allennlp.training.metrics import Metric

_PLAIN = (type(None), bool, int, float, str, numpy.number, torch.Tensor)
_LISTS = (list, tuple, set, frozenset)


def metric_state(model: Model) -> dict[str, dict[str, Any]]:
    """
    Return what all metrics of a model have counted, for another process to go on with.

    # Parameters

    model : `Model`
        Its metrics are attributes of it, of its parts or of other metrics, by themselves or in
        lists and dicts.

    # Returns

    `dict[str, dict[str, Any]]`
        By the metric's place, its attributes as tensors of the CPU, numbers, texts, and lists and
        dicts of them; dataclasses become dicts. What holds anything else, such as a vocabulary, is
        taken for a setting and left out.
    """
    return {
        place: {name: _encode(value) for name, value in vars(metric).items() if _is_plain(value)}
        for place, metric in _metrics(model)
    }


def load_metric_state(model: Model, state: Mapping[str, Mapping[str, Any]]) -> None:
    """
    Let the metrics go on from what `metric_state` gave.

    # Parameters

    model : `Model`
        Of the same configuration. Tensors go where its parameters are: most metrics add in place.
    state : `Mapping[str, Mapping[str, Any]]`
        What the metrics had counted.
    """
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    for place, metric in _metrics(model):
        for name, value in state.get(place, {}).items():
            setattr(metric, name, _decode(value, getattr(metric, name, None), device))


def _metrics(model: Model) -> Iterator[tuple[str, Metric]]:
    for module_name, module in model.named_modules():
        for name, value in vars(module).items():
            yield from _metrics_in(f"{module_name}.{name}", value)


def _metrics_in(place: str, value: Any) -> Iterator[tuple[str, Metric]]:
    if isinstance(value, Metric):
        yield place, value
        for name, inner in vars(value).items():
            yield from _metrics_in(f"{place}.{name}", inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _metrics_in(f"{place}[{key}]", inner)
    elif isinstance(value, (list, tuple)):
        for i, inner in enumerate(value):
            yield from _metrics_in(f"{place}[{i}]", inner)


def _is_dataclass(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _field_values(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _is_plain(value: Any) -> bool:
    if _is_dataclass(value):
        value = _field_values(value)
    if isinstance(value, dict):
        return all(isinstance(key, _PLAIN) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, _LISTS):
        return all(_is_plain(inner) for inner in value)
    return isinstance(value, _PLAIN)


def _encode(value: Any) -> Any:
    if _is_dataclass(value):
        value = _field_values(value)
    if isinstance(value, dict):
        return {key: _encode(inner) for key, inner in value.items()}
    if isinstance(value, _LISTS):
        inner = [_encode(one) for one in value]
        return tuple(inner) if isinstance(value, tuple) else inner
    if isinstance(value, numpy.number):
        return value.item()
    # Of a GPU, it would be unpickled onto that GPU by every other worker.
    return value.cpu() if isinstance(value, torch.Tensor) else value


def _decode(value: Any, now: Any, device: torch.device) -> Any:
    """Return a value in the types of the current value in its place, its tensors on a device."""
    if _is_dataclass(now) and isinstance(value, dict):
        current = _field_values(now)
        found = {name: _decode(inner, current[name], device) for name, inner in value.items()}
        return type(now)(**found)
    if isinstance(value, dict):
        result = copy.copy(now) if isinstance(now, dict) else {}
        current = dict(result)
        result.clear()
        result.update((key, _decode(one, current.get(key), device)) for key, one in value.items())
        return result
    if isinstance(value, (list, tuple)):
        inner = [_decode(one, None, device) for one in value]
        kind = type(now) if isinstance(now, _LISTS) else type(value)
        return kind(inner)
    return value.to(device) if isinstance(value, torch.Tensor) else value
