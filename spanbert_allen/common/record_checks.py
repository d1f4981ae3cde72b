"""Checks of values in JSON records; what fails them is said in a way that users can follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, TypeGuard

# A tab, whatever Python's `splitlines` breaks at, and surrogates without a partner.
_BREAKS_A_CELL = re.compile("[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029\ud800-\udfff]")
_LARGEST_PLACE = 10**12
_LARGEST_ID = 10**300  # Python refuses to write out numbers of more than 4300 digits


class RecordError(Exception):
    """Tell what is wrong with a record, where its file and line are not known."""


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Return whether the value is a JSON list, or a tuple, as Python callers may give."""
    return isinstance(value, (list, tuple))


def list_of_words(value: object, name: str) -> list[str]:
    """Return the value if it is a list of strings; `name` says which one it is."""
    if not is_list(value):
        raise RecordError(f"{name} is {shown(value)}; it must be a list of words")
    for index, word in enumerate(value):
        if not isinstance(word, str):
            raise RecordError(f"{name}[{index}] is {shown(word)}; it must be a string")
    return list(value)


def pair(value: object, place: str) -> tuple[int, int]:
    """
    Return the value as two integers, which may be NumPy's.

    # Parameters

    value : `object`
        A list or tuple of two whole numbers; anything else raises a `RecordError`.
    place : `str`
        Which value of the record it is, for the message.
    """
    if not is_list(value) or len(value) != 2 or not all(map(is_whole, value)):
        raise RecordError(f"{place} is {shown(value)}; it must be two whole numbers [start, end]")
    if any(abs(number) > _LARGEST_PLACE for number in value):
        raise RecordError(f"{place} is {shown(value)}; no text is as long as that")
    return int(value[0]), int(value[1])


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether the value is a whole number of Python or NumPy, and not a truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def one_line(value: object) -> TypeGuard[str]:
    """
    Return whether the value is a string that can stand in a cell of a table.

    Such a string is not blank and has no tabs, line breaks and halves of surrogate pairs.
    """
    return isinstance(value, str) and bool(value.strip()) and not _BREAKS_A_CELL.search(value)


def record_id(value: object, name: str = "id") -> str:
    """
    Return the name of a record; a whole number becomes text.

    # Parameters

    value : `object`
        What the record gives. Anything but a whole number or a string for which `one_line` holds
        raises a `RecordError`.
    name : `str`, optional (default = `"id"`)
        The key, for the message.
    """
    if is_whole(value) and -_LARGEST_ID < value < _LARGEST_ID:
        return str(int(value))
    if not one_line(value):
        raise RecordError(
            f"`{name}` is {shown(value)}; it must be a string in one line without tabs, or a whole "
            "number"
        )
    return value


def listed(names: Iterable[str], limit: int = 250) -> str:
    """
    Return names for a sentence, separated by commas, as many as fit.

    # Parameters

    names : `Iterable[str]`
        The names.
    limit : `int`, optional (default = `250`)
        The most characters.
    """
    text = ", ".join(names) or "none"
    return text if len(text) <= limit else f"{text[:limit]}..."


def shown(value: object, limit: int = 60) -> str:
    """Return the value as Python writes it, as far as it fits into a sentence."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; or a number of thousands of digits
        return f"a value ({type(value).__name__}) too deep or too long to show"
    return text if len(text) <= limit else f"{text[:limit]}..."
