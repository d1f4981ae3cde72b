"""
Read files in the layout of TACRED.

They hold one JSON array of objects with `id`, `token` (a list of words), `subj_start`, `subj_end`,
`obj_start`, `obj_end` (numbers of words from 0, the ends inside),
`subj_type`, `obj_type` and `relation`. Types may be left out where there are none, and `relation`
where it is not known. Other keys are ignored. The file is read an example at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.json_array import array_items
from spanbert_allen.common.record_checks import (
    RecordError,
    is_whole,
    list_of_words,
    one_line,
    record_id,
    shown,
)
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.relation.example import UNTYPED, RelationExample
from spanbert_allen.formats.relation.jsonl import check_not_blank
from spanbert_allen.formats.relation.names import optional_name

_BRACKETS = {
    "-lrb-": "(",
    "-rrb-": ")",
    "-lsb-": "[",
    "-rsb-": "]",
    "-lcb-": "{",
    "-rcb-": "}",
}


def read_tacred(
    path: str | Path, *, on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    Read the examples of a file, in its order.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad example, which is then left out. By default the error is raised. A
        file that is no JSON array always stops the reading.
    """
    number = 0
    for number, item in enumerate(array_items(path), start=1):
        place = _place(number, item.value)
        try:
            if item.problem is not None:
                raise RecordError(f"it is no JSON that can be read ({item.problem})")
            example = tacred_example(item.value, place=f"{path}:{item.line}: {place}")
        except RecordError as error:
            problem = DataError(f"{place}: {error}", path, item.line)
            if on_problem is None:
                raise problem from error
            on_problem(problem)
            continue
        yield example
    if not number:
        raise DataError(
            "holds no examples; a TACRED file is one JSON array of objects (for an object a line, "
            "use the reader `spanbert_relation_jsonl`)",
            path,
        )


def tacred_example(record: Any, *, place: str = "") -> RelationExample:
    """
    Return the example of an object.

    Brackets that treebanks spell out, such as -LRB-, become brackets.

    # Parameters

    record : `Any`
        The object.
    place : `str`, optional (default = `""`)
        Where the object was read, for messages of others.

    Raises a `RecordError` that says what is wrong.
    """
    if not isinstance(record, Mapping):
        raise RecordError(f"it is {shown(record)}; an example is an object")
    if "token" not in record:
        raise RecordError(
            "it has no `token`, the list of its words; for texts with places in characters, use "
            "the reader `spanbert_relation_jsonl`"
        )
    words = [_BRACKETS.get(word.lower(), word) for word in list_of_words(record["token"], "token")]
    return RelationExample(
        id=record_id(record.get("id")),
        words=words,
        subject=_span(record, "subj", words),
        object=_span(record, "obj", words),
        subject_type=optional_name(record, "subj_type") or UNTYPED,
        object_type=optional_name(record, "obj_type") or UNTYPED,
        label=optional_name(record, "relation"),
        place=place,
    )


def _span(record: Mapping[str, Any], role: str, words: list[str]) -> WordSpan:
    names = f"{role}_start", f"{role}_end"
    for name in names:
        if not is_whole(record.get(name)):
            raise RecordError(
                f"`{name}` is {shown(record.get(name))}; it must be the number of a word"
            )
    start, end = (int(record[name]) for name in names)
    if not 0 <= start <= end < len(words):
        raise RecordError(
            f"`{names[0]}` {shown(start)} and `{names[1]}` {shown(end)} are no span of its "
            f"{len(words)} words; count words from 0, and give the last one inside"
        )
    check_not_blank(words[start : end + 1], f"the entity of `{names[0]}`")
    return WordSpan(start, end)


def _place(number: int, record: Any) -> str:
    """Return what messages call an example."""
    name = record.get("id") if isinstance(record, Mapping) else None
    return f"example {number}" + (f" (id {name})" if one_line(name) or is_whole(name) else "")
