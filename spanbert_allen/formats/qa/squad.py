"""Read questions in the layouts of SQuAD 1.1 and 2.0, nested as released or a record each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import json_object, read_lines
from spanbert_allen.common.json_array import ArrayItem, array_items
from spanbert_allen.common.record_checks import RecordError, is_list, is_whole, record_id, shown
from spanbert_allen.formats.qa.detection import qa_layout
from spanbert_allen.formats.qa.question import Answer, Question
from spanbert_allen.formats.qa.unique_ids import with_unique_ids

_ADVICE = (
    "copy or download it again; a SQuAD file is one JSON object with a list `data` of articles, "
    "and records stand in a JSON array or one a line"
)


class _Found(NamedTuple):
    """
    Hold a question, or what is wrong with it.

    # Parameters

    line : `int`
        The line on which its article or record begins.
    place : `str`
        Where it stands in the file, for messages.
    question : `Question | RecordError`
        The question, or what is wrong.
    """

    line: int
    place: str
    question: Question | RecordError


def read_squad(path: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[Question]:
    """
    Read the questions of a file in its order, an article or a record at a time.

    Questions of a paragraph share one `context` string.

    SQuAD's layout is an object whose list `data` holds articles with paragraphs. The flat layout of
    the datasets library and of pandas is read as well: records with `id`, `question`, `context` and
    `answers` (two lists `text` and `answer_start`, or a list of objects with these), in `data`, in
    an array, or one a line.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad article, paragraph, record or question, which is then left out. By
        default the error is raised. A file that is no JSON at all always stops the reading.
    """
    return with_unique_ids(_questions(path, on_problem), on_problem)


def _questions(path: str | Path, on_problem: OnProblem | None) -> Iterator[Question]:
    layout = qa_layout(path)
    number = 0
    for number, item in enumerate(_items(path, layout), start=1):
        for found in _found(item, number, is_line=layout == "records"):
            separator = ": " if found.place else ""
            if isinstance(found.question, Question):
                place = f"{path}:{found.line}{separator}{found.place}"
                object.__setattr__(found.question, "place", place)  # before anybody has seen it
                yield found.question
                continue
            error = DataError(f"{found.place}{separator}{found.question}", path, found.line)
            if on_problem is None:
                raise error
            on_problem(error)
    if not number:
        raise DataError(f"holds no articles; {_ADVICE}", path)


def _items(path: str | Path, layout: str) -> Iterator[ArrayItem]:
    """Yield articles and records, or why one cannot be read."""
    if layout != "records":
        key = "data" if layout == "squad" else None
        yield from array_items(path, key=key, noun="article", advice=_ADVICE)
        return
    for number, line in read_lines(path, errors="surrogateescape"):
        if line.strip():
            try:
                yield ArrayItem(number, json_object(line, line=number))
            except DataError as error:
                yield ArrayItem(number, None, error.problem)


def _found(item: ArrayItem, number: int, *, is_line: bool) -> Iterator[_Found]:
    """Yield each question of an article, or of a record the one that it is."""
    is_article = isinstance(item.value, Mapping) and "paragraphs" in item.value
    if is_article:
        title = item.value.get("title")
        place = (
            f"article {number} ({shown(title)})" if isinstance(title, str) else f"article {number}"
        )
        yield from _paragraphs(item, place)
        return
    place = "" if is_line else f"record {number}"
    if item.problem is not None:
        yield _Found(item.line, place, RecordError(item.problem))
        return
    try:
        yield _Found(item.line, place, _record_question(item.value))
    except RecordError as error:
        yield _Found(item.line, place, error)


def _record_question(record: Any) -> Question:
    """Return the question of a flat record."""
    if not isinstance(record, Mapping) or not isinstance(record.get("context"), str):
        raise RecordError(
            f"it is {shown(record)}; it must be an article with `paragraphs`, or a record with "
            "`id`, `question`, `context` and `answers`"
        )
    if "is_impossible" not in record and record.get("answers") is not None:
        has_none = not list(_answers(record["answers"], record["context"]))
        record = {**record, "is_impossible": has_none}
    return _question(record, record["context"], record.get("title"))


def _paragraphs(item: ArrayItem, article: str) -> Iterator[_Found]:
    """Yield each question of an article, or what is wrong, with its place in the article."""
    paragraphs = item.value["paragraphs"]
    if not is_list(paragraphs):
        yield _Found(
            item.line, article, RecordError("`paragraphs` is no list; give each article one")
        )
        return
    for number, paragraph in enumerate(paragraphs, start=1):
        place = f"{article}, paragraph {number}"
        problem = _paragraph_problem(paragraph)
        if problem is not None:
            yield _Found(item.line, place, RecordError(problem))
            continue
        for index, record in enumerate(paragraph["qas"], start=1):
            name = f"{place}, question {index}"
            if isinstance(record, Mapping) and isinstance(record.get("id"), str):
                name = f"{place}, question {record['id']}"
            try:
                question = _question(record, paragraph["context"], item.value.get("title"))
                yield _Found(item.line, name, question)
            except RecordError as error:
                yield _Found(item.line, name, error)


def _paragraph_problem(paragraph: Any) -> str | None:
    if not isinstance(paragraph, Mapping):
        return f"it is {shown(paragraph)}; a paragraph is an object with `context` and `qas`"
    if not isinstance(paragraph.get("context"), str):
        return f"`context` is {shown(paragraph.get('context'))}; it must be the text"
    if not is_list(paragraph.get("qas")):
        return f"`qas` is {shown(paragraph.get('qas'))}; it must be the list of questions"
    return None


def _question(record: Any, context: str, title: Any) -> Question:
    if not isinstance(record, Mapping):
        raise RecordError(f"it is {shown(record)}; a question is an object")
    if not isinstance(record.get("question"), str):
        raise RecordError(f"`question` is {shown(record.get('question'))}; it must be a string")
    is_impossible = record.get("is_impossible", False)
    if not isinstance(is_impossible, bool):
        raise RecordError(f"`is_impossible` is {shown(is_impossible)}; it must be true or false")
    is_annotated = record.get("answers") is not None
    answers = tuple(_answers(record["answers"], context)) if is_annotated else ()
    return Question(
        id=record_id(record.get("id")),
        question=record["question"],
        context=context,
        answers=answers,
        labelled=answers[0] if answers and not is_impossible else None,
        is_impossible=is_impossible,
        is_annotated=is_annotated or is_impossible,
        title=title if isinstance(title, str) else "",
    )


def _answers(records: Any, context: str) -> Iterator[Answer]:
    for index, record in enumerate(_answer_records(records)):
        if not isinstance(record, Mapping) or not isinstance(record.get("text"), str):
            raise RecordError(f"answers[{index}] is {shown(record)}; it must have a `text`")
        start = record.get("answer_start")
        if not is_whole(start):
            raise RecordError(
                f"answers[{index}].answer_start is {shown(start)}; it must be a whole number"
            )
        if not 0 <= start <= len(context) - len(record["text"]):
            raise RecordError(
                f"answers[{index}] would begin at character {shown(start)} and have "
                f"{len(record['text'])}, but the context has {len(context)}; mend `answer_start`"
            )
        yield Answer(record["text"], int(start))


def _answer_records(records: Any) -> list[Any]:
    """Return the answers as a list of objects, which the datasets library turns inside out."""
    if isinstance(records, Mapping):
        texts, starts = records.get("text"), records.get("answer_start")
        if not is_list(texts) or not is_list(starts) or len(texts) != len(starts):
            raise RecordError(
                f"`answers` is {shown(records)}; it must have two lists of the same length, `text` "
                "and `answer_start`"
            )
        return [
            {"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)
        ]
    if not is_list(records):
        raise RecordError(f"`answers` is {shown(records)}; it must be a list")
    return list(records)
