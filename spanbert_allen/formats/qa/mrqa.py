"""Read files of the MRQA 2019 shared task: a header, then a context with its questions a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import json_object, read_lines
from spanbert_allen.common.record_checks import (
    RecordError,
    is_list,
    list_of_words,
    pair,
    record_id,
    shown,
)
from spanbert_allen.formats.qa.question import Answer, Question
from spanbert_allen.formats.qa.unique_ids import with_unique_ids


def read_mrqa(path: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[Question]:
    """
    Read the questions of a file in its order.

    The answer that is learnt is the one that begins first in the context, as the original program
    chooses among all detected ones.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad line or question, which is then left out. By default the error is
        raised.

    Raises a `DataError` if the first line is no header: the original drops that line unread, and
    with it the questions that stand there. Raises one for a file without any questions, too.
    """
    return with_unique_ids(_all_questions(path, on_problem), on_problem)


def _all_questions(path: str | Path, on_problem: OnProblem | None) -> Iterator[Question]:
    is_empty, dataset = True, ""
    for number, line in read_lines(path, errors="surrogateescape"):
        if number == 1:
            dataset = _dataset_of(line, path)
        elif line.strip():
            for item in _questions_of_line(line):
                is_empty = False
                if isinstance(item, Question):
                    object.__setattr__(item, "place", f"{path}:{number}: question {item.id}")
                    object.__setattr__(item, "dataset", dataset)
                    yield item
                    continue
                error = DataError(str(item), path, number)
                if on_problem is None:
                    raise error
                on_problem(error)
    if is_empty:
        raise DataError("holds no questions; an MRQA file has a header and a context a line", path)


def _dataset_of(line: str, path: str | Path) -> str:
    """Return the name of the data set that the header tells, the empty text if it tells none."""
    try:
        record = json_object(line)
    except DataError:
        record = {}
    if "header" not in record:
        raise DataError(
            'no MRQA file: the first line must be its header, {"header": {...}}; the raw data sets '
            "(HotpotQA's own JSON, say) have to be taken in the shared task's version",
            path,
            1,
        )
    header = record["header"]
    name = header.get("dataset") if isinstance(header, Mapping) else None
    return name if isinstance(name, str) else ""


def _questions_of_line(line: str) -> Iterator[Question | RecordError]:
    try:
        yield from _questions(json_object(line))
    except DataError as error:
        yield RecordError(error.problem)


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
    if not isinstance(record.get("question"), str):
        raise RecordError(f"`question` is {shown(record.get('question'))}; it must be a string")
    spans = sorted(_char_spans(record.get("detected_answers", ()), len(context)))
    labelled = None
    if spans:
        start, last = spans[0]
        labelled = Answer(context[start : last + 1], start)
    return Question(
        id=record_id(record.get("qid"), "qid"),
        question=record["question"],
        context=context,
        answers=tuple(Answer(text) for text in list_of_words(record.get("answers", ()), "answers")),
        labelled=labelled,
        is_annotated="answers" in record,
    )


def _char_spans(detected: Any, length: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last characters of all occurrences of all answers."""
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
                    f"{place} is {shown(value)}, but the context has {length} characters, and the "
                    "last one of an answer is inside"
                )
            yield start, last
