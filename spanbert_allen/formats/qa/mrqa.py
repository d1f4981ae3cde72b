"""Files of the MRQA 2019 shared task: a header line, then a context with its questions a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import json_object, read_lines
from spanbert_allen.common.record_checks import RecordError, is_list, list_of_words, pair, shown
from spanbert_allen.formats.qa.question import Answer, Question


def read_mrqa(path: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[Question]:
    """
    The questions of a file, in its order. Learnt is the answer that begins first in the context,
    as the original program chooses among all detected ones.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad question, which is then passed over. By default the error is raised.

    Raises a `DataError` if the first line is no header: the original drops that line unread, and
    with it the questions that stand there.
    """
    for number, line in read_lines(path):
        if number == 1:
            _check_header(line, path)
        elif line.strip():
            record = json_object(line, path=path, line=number)
            for item in _questions(record):
                if isinstance(item, Question):
                    object.__setattr__(item, "place", f"{path}:{number}: question {item.id}")
                    yield item
                    continue
                error = DataError(str(item), path, number)
                if on_problem is None:
                    raise error
                on_problem(error)


def _check_header(line: str, path: str | Path) -> None:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, Mapping) or "header" not in header:
        raise DataError(
            'no MRQA file: the first line must be its header, {"header": {...}}; the raw data sets '
            "(HotpotQA's own JSON, say) have to be taken in the shared task's version",
            path,
            1,
        )


def _questions(record: Mapping[str, Any]) -> Iterator[Question | RecordError]:
    if not isinstance(record.get("context"), str):
        yield RecordError(f"`context` is {shown(record.get('context'))}; it must be the text")
    elif not is_list(record.get("qas")):
        yield RecordError(f"`qas` is {shown(record.get('qas'))}; it must be the list of questions")
    else:
        for index, item in enumerate(record["qas"], start=1):
            try:
                yield _question(item, record["context"])
            except RecordError as error:
                name = item.get("qid") if isinstance(item, Mapping) else None
                yield RecordError(f"question {name or index}: {error}")


def _question(record: Any, context: str) -> Question:
    if not isinstance(record, Mapping):
        raise RecordError(f"it is {shown(record)}; a question is an object")
    for name in ("qid", "question"):
        if not isinstance(record.get(name), str):
            raise RecordError(f"`{name}` is {shown(record.get(name))}; it must be a string")
    spans = sorted(_char_spans(record.get("detected_answers", ()), len(context)))
    labelled = None
    if spans:
        start, last = spans[0]
        labelled = Answer(context[start : last + 1], start)
    return Question(
        id=record["qid"],
        question=record["question"],
        context=context,
        answers=tuple(Answer(text) for text in list_of_words(record.get("answers", ()), "answers")),
        labelled=labelled,
        is_annotated="answers" in record,
    )


def _char_spans(detected: Any, length: int) -> Iterator[tuple[int, int]]:
    """First and last characters of all occurrences of all answers."""
    if not is_list(detected):
        raise RecordError(f"`detected_answers` is {shown(detected)}; it must be a list")
    for index, record in enumerate(detected):
        spans = record.get("char_spans") if isinstance(record, Mapping) else None
        if not is_list(spans):
            raise RecordError(f"detected_answers[{index}] has no list `char_spans`")
        for number, value in enumerate(spans):
            place = f"detected_answers[{index}].char_spans[{number}]"
            start, last = pair(value, place)
            if not 0 <= start <= last < length:
                raise RecordError(
                    f"{place} is {shown(value)}, but the context has {length} characters, and both "
                    "ends are inside"
                )
            yield start, last
