"""Labels and types of relation records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.common.record_checks import RecordError, one_line, shown


def optional_name(record: Mapping[str, Any], name: str) -> str | None:
    """
    Return a label or a type of a record, `None` if it gives none.

    # Parameters

    record : `Mapping[str, Any]`
        The record. A value that is no string in one line raises a `RecordError`.
    name : `str`
        The key of the value.
    """
    value = record.get(name)
    if value is None:
        return None
    if not one_line(value):
        raise RecordError(
            f"`{name}` is {shown(value)}; it must be a string in one line, such as 'PERSON'"
        )
    return value
