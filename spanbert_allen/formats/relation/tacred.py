"""
Files in the layout of TACRED, an example at a time: one JSON array of objects with `id`, `token` (a
list of words), `subj_start`, `subj_end`, `obj_start`, `obj_end` (numbers of words from 0, ends
inside), `subj_type`, `obj_type` and `relation`. Types may be left out where there are none, and
`relation` where it is not known. Other keys are passed over.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import open_text
from spanbert_allen.common.record_checks import RecordError, list_of_words, shown
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.relation.example import UNTYPED, RelationExample

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
    The examples of a file, in its order.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad example, which is then passed over. By default the error is raised. A
        file that is no JSON array always stops the reading.
    """
    number = 0
    for number, record in enumerate(_records(path), start=1):
        try:
            example = tacred_example(record, place=_place(path, number, record))
        except RecordError as error:
            problem = DataError(f"{_place('', number, record)}: {error}", path)
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
    The example of an object; brackets that treebanks spell out, such as -LRB-, become brackets.

    # Parameters

    record : `Any`
        The object.
    place : `str`, optional (default = `""`)
        Where it stands, for messages of others.

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
        id=example_id(record, "id"),
        words=words,
        subject=_span(record, "subj", len(words)),
        object=_span(record, "obj", len(words)),
        subject_type=optional_name(record, "subj_type") or UNTYPED,
        object_type=optional_name(record, "obj_type") or UNTYPED,
        label=optional_name(record, "relation"),
        place=place,
    )


def example_id(record: Mapping[str, Any], name: str) -> str:
    """The example's name; a number becomes text."""
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RecordError(f"`{name}` is {shown(value)}; it must be a string")
    return str(value)


def optional_name(record: Mapping[str, Any], name: str) -> str | None:
    """A label or type if there is one: a string in one line."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value.splitlines()) > 1:
        raise RecordError(f"`{name}` is {shown(value)}; it must be a string such as 'PERSON'")
    return value


def _span(record: Mapping[str, Any], role: str, num_words: int) -> WordSpan:
    names = f"{role}_start", f"{role}_end"
    for name in names:
        value = record.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise RecordError(f"`{name}` is {shown(value)}; it must be the number of a word")
    start, end = (int(record[name]) for name in names)
    if not 0 <= start <= end < num_words:
        raise RecordError(
            f"`{names[0]}` {start} and `{names[1]}` {end} are no span of its {num_words} words; "
            "count words from 0, and give the last one inside"
        )
    return WordSpan(start, end)


def _place(path: str | Path, number: int, record: Any) -> str:
    place = f"example {number}"
    if isinstance(record, Mapping) and isinstance(record.get("id"), (str, int)):
        place += f" (id {record['id']})"
    return f"{path}: {place}" if path else place


def _records(path: str | Path) -> Iterator[Any]:
    import ijson

    number = 0
    try:
        with open_text(path) as file:
            for number, record in enumerate(  # noqa: B007 (counted for the error below)
                ijson.items(file, "item", use_float=True), start=1
            ):
                yield record
    except ijson.JSONError as error:
        reason = " ".join(str(error).split())[:80]
        raise DataError(
            f"not one JSON array: broken after example {number} ({reason}); copy or download it "
            "again, or, for an object a line, use the reader `spanbert_relation_jsonl`",
            path,
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"broken or incomplete gzip file ({error}); copy or download it again", path
        ) from error
