"""A user's own texts, or pairs of texts, with labels, as JSON lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import default_doc_key, filled_lines, json_object
from spanbert_allen.common.record_checks import (
    RecordError,
    is_list,
    is_whole,
    one_line,
    record_id,
    shown,
)
from spanbert_allen.formats.sequence.text_pair import Label, TextPair


def read_text_pairs(path: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[TextPair]:
    """
    Read the texts of a file with an object on each line.

    The keys are `text`; `text_pair`, the second text of a pair; `label`, the name of a class or a
    number, or a list of names where a text may have several, in which a whole number is a name; and
    `id`, by default the file's name and the line. `null` is the same as leaving a key out.

    # Parameters

    path : `str | Path`
        The file; `.gz` may follow.
    on_problem : `OnProblem`, optional (default = `None`)
        Called for each bad line, which is then left out. By default the error is raised.

    # Errors

    `DataError` for the first bad line, and for an empty file.
    """
    for number, line in filled_lines(path, must_hold="one JSON object a line"):
        try:
            record = json_object(line, path=path, line=number)
            default_id = default_doc_key(path, number)
            yield text_pair(record, default_id=default_id, path=path, line=number)
        except DataError as error:
            if on_problem is None:
                raise
            on_problem(error)


def text_pair(
    record: Mapping[str, Any],
    *,
    default_id: str,
    path: str | Path | None = None,
    line: int | None = None,
) -> TextPair:
    """
    Return the text or pair of a record; raise a `DataError` for a bad one.

    # Parameters

    record : `Mapping[str, Any]`
        See `read_text_pairs`.
    default_id : `str`
        The id of a record that gives none.
    path, line : optional (default = `None`)
        Where the record stands, for error messages.
    """
    try:
        return _text_pair(record, default_id, place="" if path is None else f"{path}:{line}")
    except RecordError as error:
        raise DataError(str(error), path, line) from error


def _text_pair(record: Mapping[str, Any], default_id: str, *, place: str) -> TextPair:
    text, second = record.get("text"), record.get("text_pair")
    if not isinstance(text, str):
        raise RecordError(f"`text` is {shown(text)}; it must be a string")
    if second is not None and not isinstance(second, str):
        raise RecordError(f"`text_pair` is {shown(second)}; it must be a string, or left out")
    return TextPair(
        id=default_id if record.get("id") is None else record_id(record["id"]),
        text=text,
        text_pair=second,
        label=_label(record.get("label")),
        place=place,
    )


def _label(value: object) -> Label | None:
    if value is None:
        return None
    if is_list(value):
        names = [_class_name(str(one) if is_whole(one) else one) for one in value]
        if len(set(names)) != len(names):
            raise RecordError(f"`label` is {shown(value)}; give each name once")
        return tuple(names)
    if isinstance(value, str):
        return _class_name(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        raise RecordError(
            f"`label` is {shown(value)}; it must be a string, a number, or a list of names"
        )
    return value


def _class_name(value: object) -> str:
    if not one_line(value):
        raise RecordError(
            f"`label` has the name {shown(value)}; it must be a string in one line without tabs, "
            "or a whole number"
        )
    return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number too large for a float
        return False
