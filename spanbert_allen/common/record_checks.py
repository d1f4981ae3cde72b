"""Checks of values in JSON records; what fails them is said in a way that users can follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard


class RecordError(Exception):
    """What is wrong with a record, where its file and line are not known."""


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether the value is a JSON list, or a tuple, as Python callers may give."""
    return isinstance(value, (list, tuple))


def list_of_words(value: object, name: str) -> list[str]:
    """The value if it is a list of strings; `name` says which one it is."""
    if not is_list(value):
        raise RecordError(f"{name} is {shown(value)}; it must be a list of words")
    for index, word in enumerate(value):
        if not isinstance(word, str):
            raise RecordError(f"{name}[{index}] is {shown(word)}; it must be a string")
    return list(value)


def pair(value: object, place: str) -> tuple[int, int]:
    """The value if it is a list of two integers; `place` says which one it is."""
    if (
        not is_list(value)
        or len(value) != 2
        or any(isinstance(number, bool) or not isinstance(number, int) for number in value)
    ):
        raise RecordError(f"{place} is {shown(value)}; it must be two whole numbers [start, end]")
    return value[0], value[1]


def shown(value: object, limit: int = 60) -> str:
    """Return the value as Python writes it, as far as it fits into a sentence."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; or a number of thousands of digits
        return f"a value ({type(value).__name__}) too deep or too long to show"
    return text if len(text) <= limit else f"{text[:limit]}..."
