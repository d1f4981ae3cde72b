"""
Constructors with today's annotations, built from a configuration.

**Cause.** `FromParams` reads a constructor's annotations as they stand. It knows `Optional[X]` but
not `X | None`, which is another type on Python 3.10 to 3.13, and in a module that says `from
__future__ import annotations` they are strings. Either way a nested object is left a dictionary.

**Repair.** Annotations are evaluated, and `X | Y` becomes `Union[X, Y]`, before they are read.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, Union

from allennlp.common import from_params

from spanbert_allen.compat.replacing import replace_function

_infer_method_params = from_params.infer_method_params


def needed() -> bool:
    return True  # AllenNLP 2.10.1 is its last release


def apply() -> None:
    replace_function(_infer_method_params, infer_method_params)


def infer_method_params(cls: type, method: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return a constructor's parameters and its superclasses', with types as annotations."""
    parameters = dict(_infer_method_params(cls, method))
    try:
        hints = typing.get_type_hints(method)
    except NameError:  # a name imported for the type checker only: nothing to build from
        hints = {}
    for name in inspect.signature(method).parameters:
        if name in parameters and name in hints:
            parameters[name] = parameters[name].replace(annotation=_as_union(hints[name]))
    return parameters


def _as_union(annotation: Any) -> Any:
    if isinstance(annotation, types.UnionType):
        return Union[annotation.__args__]  # noqa: UP007  AllenNLP compares with typing.Union
    return annotation
