"""Checks of what users ask of predictors, as it may come from JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from inspect import signature
from numbers import Integral, Real
from typing import Any, TypeVar, get_args, get_type_hints

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.common.text import checked_language

Options = TypeVar("Options")

_KINDS: Mapping[Any, tuple[type, str]] = {
    bool: (bool, "true or false"),
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
}


def checked_option(name: str, value: Any, kind: Any) -> Any:
    """
    Return the value of an option; raises `ConfigError` if it is of another kind.

    # Parameters

    name : `str`
        What the option is called.
    value : `Any`
        What was given.
    kind : `Any`
        `bool`, `int` or `float`, which whole numbers are as well; or one of them with `None`.
    """
    kinds = get_args(kind) or (kind,)
    if value is None and type(None) in kinds:
        return value
    (wanted,) = set(kinds) - {type(None)}
    expected, words = _KINDS[wanted]
    is_one = isinstance(value, expected) and isinstance(value, bool) == (wanted is bool)
    if not is_one or (wanted is float and math.isnan(value)):
        raise ConfigError(f"`{name}` is {shown(value)}; it must be {words}")
    return value


def language_of(reader: Any, language: str | None = None) -> str:
    """
    Return spaCy's code of the language of texts; raises `ConfigError` for one that it has not.

    # Parameters

    reader : `Any`
        The reader, whose language counts where no other is given; English if it has none.
    language : `str`, optional (default = `None`)
        What was given.
    """
    return checked_language(language or getattr(reader, "language", None) or "en")


def object_of_options(name: str, value: Any, *, of: str = "options") -> Mapping[str, Any]:
    """
    Return an object of options, `{}` for `None`; raises `ConfigError` for what is no object.

    # Parameters

    name, value
        As for `checked_option`.
    of : `str`, optional (default = `"options"`)
        What it holds, for the message.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"`{name}` is {shown(value)}; it must be an object of {of}")
    return value


def refuse_unknown(predictor: type, given: Iterable[str], options: type | None = None) -> None:
    """
    Raise a `ConfigError` for the first option that a predictor cannot be made with.

    # Parameters

    predictor : `type`
        The class of the predictor.
    given : `Iterable[str]`
        The names that no constructor took.
    options : `type`, optional (default = `None`)
        The dataclass whose fields are options, too.
    """
    of_calls = set() if options is None else {field.name for field in fields(options)}
    for name in given:
        if name in of_calls:
            continue
        known = of_calls | {
            parameter.name
            for kind in predictor.__mro__
            if kind is not object
            for parameter in signature(kind).parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        raise ConfigError(f"`{name}` is no option; choose among {', '.join(sorted(known))}")


def check_options(options: Any) -> None:
    """Check each field of a dataclass by its annotation, see `checked_option`."""
    for name, kind in get_type_hints(type(options)).items():
        checked_option(name, getattr(options, name), kind)


def changed_options(options: Options, changes: Mapping[str, Any]) -> Options:
    """Return options, a dataclass, with others in their place; `ConfigError` for unknown ones."""
    known = {field.name for field in fields(options)}  # type: ignore[arg-type]
    for name in changes:
        if name not in known:
            raise ConfigError(f"`{name}` is no option; choose among {', '.join(sorted(known))}")
    return replace(options, **changes)  # type: ignore[type-var]
