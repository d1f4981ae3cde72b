"""One's own texts, or pairs of texts, with labels: JSON lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import filled_lines, json_object
from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.formats.sequence.text_pair import Label, TextPair


def read_text_pairs(path: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[TextPair]:
    """
    The texts of a file, an object on each line: `text`; `text_pair` if they are pairs; `label`, a
    string, or a number where numbers are predicted; `id`, by default the number of the line. `null`
    is the same as leaving a key out.

    # Parameters

    path : `str | Path`
        The file; `.gz` may follow.
    on_problem : `OnProblem`, optional (default = `None`)
        Takes what is wrong with a line; by default that is raised.

    # Errors

    `DataError` for the first bad line, and for an empty file.
    """
    for number, line in filled_lines(path, must_hold="one JSON object a line"):
        try:
            record = json_object(line, path=path, line=number)
            yield text_pair(record, default_id=str(number), path=path, line=number)
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
    The text or pair of a record; raises `DataError` for a bad one.

    # Parameters

    record : `Mapping[str, Any]`
        See `read_text_pairs`.
    default_id : `str`
        Its id if it has none.
    path, line : optional (default = `None`)
        Where it stands, for error messages.
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
    id = default_id if record.get("id") is None else record["id"]
    if isinstance(id, bool) or not isinstance(id, (str, int)):
        raise RecordError(f"`id` is {shown(id)}; it must be a string")
    return TextPair(
        id=str(id), text=text, text_pair=second, label=_label(record.get("label")), place=place
    )


def _label(value: object) -> Label | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise RecordError(f"`label` is {shown(value)}; it must be a string or a number")
    return value
