"""
Check a configuration against the constructors that it describes, before anything is built.

AllenNLP finds a misspelt `type` or key of the model only after the data has been read, and some
of them as a `TypeError` of Python.
"""

from __future__ import annotations

import collections.abc
import inspect
import json
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Union

from allennlp.commands.train import TrainModel
from allennlp.common import FromParams, Lazy, Registrable
from allennlp.common.from_params import infer_method_params

from spanbert_allen.common.console import nearest

_READ_BEFORE = {
    "distributed",
    "evaluation",
    "include_in_archive",
    "numpy_seed",
    "pytorch_seed",
    "random_seed",
}
"""Top-level keys that AllenNLP takes out before it builds the training."""

_GIVEN_BY_ALLENNLP = {
    "cuda_device",
    "data_loader",
    "data_path",
    "data_source",
    "ddp_accelerator",
    "distributed",
    "instances",
    "local_rank",
    "model",
    "model_parameters",
    "num_epochs",
    "num_steps_per_epoch",
    "optimizer",
    "reader",
    "serialization_dir",
    "validation_data_loader",
    "vocab",
    "world_size",
}
"""Parameters without a default that AllenNLP fills in by itself."""

_KINDS = {int: "a whole number", bool: "true or false", float: "a number", str: "a text in quotes"}
_LISTS = {list, set, tuple, collections.abc.Iterable}
_EMPTY = inspect.Parameter.empty


def problems_of_config(config: Mapping[str, Any]) -> Iterator[str]:
    """
    Yield a sentence for each mistake in a configuration that its constructors tell.

    These are unknown `type`s and keys, keys that are missing, and values of the wrong kind.

    # Parameters

    config : `Mapping[str, Any]`
        A configuration of `allennlp train`.
    """
    yield from _of_object(
        TrainModel, {key: config[key] for key in config if key not in _READ_BEFORE}, "", True
    )


def _of_value(annotation: Any, value: Any, path: str, is_whole: bool) -> Iterator[str]:
    """
    Yield what is wrong with a value.

    `is_whole` is whether a configuration has to give all parameters that have no default.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if value is None or annotation is _EMPTY:
        return
    if origin in (Union, types.UnionType):
        parts = [part for part in arguments if part is not type(None)]
        yield from _of_union(parts, value, path, is_whole)
    elif origin is Lazy:
        # Whoever builds a part later may add parameters; those of the top ones are known.
        yield from _of_value(arguments[0], value, path, is_whole and "." not in path)
    elif annotation in _KINDS:
        if not _is_kind(annotation, value):
            yield f"`{path}` is {_shown(value)}: it must be {_KINDS[annotation]}"
    elif origin in _LISTS and arguments:
        yield from _of_list(origin, arguments, value, path, is_whole)
    elif origin in (dict, collections.abc.Mapping):
        if not isinstance(value, Mapping):
            yield f"`{path}` is {_shown(value)}: it must be an object, {{...}}"
        else:
            for key, item in value.items():
                yield from _of_value(arguments[1], item, f"{path}.{key}", is_whole)
    elif inspect.isclass(annotation) and issubclass(annotation, FromParams):
        yield from _of_object(annotation, value, path, is_whole)


def _of_union(parts: list[Any], value: Any, path: str, is_whole: bool) -> Iterator[str]:
    found = [list(_of_value(part, value, path, is_whole)) for part in parts]
    if not all(found):
        return
    is_object = isinstance(value, Mapping | str)
    for part, problems in zip(parts, found, strict=True):
        if len(parts) == 1 or (
            is_object and inspect.isclass(part) and issubclass(part, FromParams)
        ):
            yield from problems
            return
    kinds = " or ".join(_KINDS.get(part, getattr(part, "__name__", str(part))) for part in parts)
    yield f"`{path}` is {_shown(value)}: it must be {kinds}"


def _of_list(
    origin: Any, arguments: tuple[Any, ...], value: Any, path: str, is_whole: bool
) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"`{path}` is {_shown(value)}: it must be a list, [...]"
        return
    is_record = origin is tuple and arguments[-1] is not Ellipsis
    for number, item in enumerate(value[: len(arguments)] if is_record else value):
        kind = arguments[number if is_record else 0]
        yield from _of_value(kind, item, f"{path}.{number}", is_whole)


def _of_object(cls: type[FromParams], value: Any, path: str, is_whole: bool) -> Iterator[str]:
    if isinstance(value, str):
        value = {"type": value}
    if not isinstance(value, Mapping):
        yield f"`{path}` is {_shown(value)}: it must be an object, {{...}}, or the name of a type"
        return
    if "_pretrained" in value or _reads_itself(cls):
        return
    keys = dict(value)
    method: Any = None
    if issubclass(cls, Registrable) and Registrable._registry.get(cls):
        choice = keys.pop("type", cls.default_implementation)
        problem = _of_choice(cls, choice, f"{path}.type" if path else "type")
        if problem is not None:
            yield problem
            return
        cls, constructor = cls.resolve_class_name(choice)
        if not hasattr(cls, "from_params") or _reads_itself(cls):
            return
        method = getattr(cls, constructor) if constructor else None
    yield from _of_keys(cls, _constructor(cls) if method is None else method, keys, path, is_whole)


def _of_choice(cls: type[Registrable], choice: Any, path: str) -> str | None:
    available = cls.list_available()
    if choice in available:
        return None
    if choice is None:
        return f"`{path}` is missing: it says which {cls.__name__} is meant"
    if isinstance(choice, str) and "." in choice:
        try:
            cls.resolve_class_name(choice)
        except Exception:  # AllenNLP says what is wrong with a path to a class
            return None
        return None
    near = " or ".join(f"`{name}`" for name in nearest(str(choice), available))
    advice = f"did you mean {near}?" if near else "check the spelling"
    return (
        f"`{choice}` is not a registered type for `{path}` of the config: {advice} "
        "(a class of your own package needs --include-package or a line in .allennlp_plugins)"
    )


def _of_keys(
    cls: type, method: Any, keys: Mapping[str, Any], path: str, is_whole: bool
) -> Iterator[str]:
    parameters = {
        name: parameter
        for name, parameter in infer_method_params(cls, method).items()
        if name not in ("self", "cls")
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    if hasattr(cls, "further_keys"):
        for name, annotation in cls.further_keys().items():
            parameters[name] = inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
    prefix = f"{path}." if path else ""
    for key, value in keys.items():
        if key in parameters:
            yield from _of_value(parameters[key].annotation, value, prefix + key, is_whole)
        elif _is_closed(cls, method):
            near = " or ".join(f"`{name}`" for name in nearest(key, parameters))
            place = f"`{path}` ({cls.__name__})" if path else "a training's configuration"
            advice = f"did you mean {near}?" if near else "remove it, or check the spelling"
            yield f"`{prefix}{key}` is no key of {place}: {advice}"
    missing = {name for name, parameter in parameters.items() if parameter.default is _EMPTY}
    if is_whole:
        for name in sorted(missing - set(keys) - _GIVEN_BY_ALLENNLP):
            yield f"`{prefix}{name}` is missing: {cls.__name__} needs it"


def _is_closed(cls: type, method: Any) -> bool:
    """Whether a constructor, and those that it hands further keys to, take no other keys."""
    while _takes_any_key(method):
        above = next((base for base in cls.mro()[1:] if issubclass(base, FromParams)), None)
        if above is None:
            return False
        cls, method = above, _constructor(above)
    return True


def _constructor(cls: type) -> Any:
    return cls.__init__  # type: ignore[misc]


def _takes_any_key(method: Any) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _reads_itself(cls: type) -> bool:
    """
    Whether a class reads its keys in a way of its own, and does not say which.

    A class says so by `further_keys`, which gives the annotations of keys beside its constructor's.
    """
    if hasattr(cls, "further_keys"):
        return False
    return cls.from_params.__func__ is not FromParams.from_params.__func__  # type: ignore[attr-defined]


def _is_kind(kind: type, value: Any) -> bool:
    """Whether AllenNLP takes a value for a parameter of a kind."""
    if kind is float:
        return type(value) in (int, float)
    return type(value) in (int, bool) if kind in (int, bool) else type(value) is kind


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
