"""Constructors that take the configuration keys of another constructor too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def with_keys_of(base: Callable[..., Any]) -> Callable[[Function], Function]:
    """
    Put the parameters of a constructor in the place of another one's `**kwargs`.

    AllenNLP reads the keys of a configuration, and their types, from the signature of a
    constructor, and refuses keys that are not in it. With this, a constructor need not repeat the
    parameters that it only passes on.

    # Parameters

    base : `Callable[..., Any]`
        The constructor that the parameters are passed on to, as a bound method.
    """

    def decorate(function: Function) -> Function:
        own = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        names = {parameter.name for parameter in own}
        inherited = [
            parameter.replace(kind=parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(base).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in names
        ]
        function.__signature__ = inspect.Signature([*own, *inherited])  # type: ignore[attr-defined]
        return function

    return decorate
