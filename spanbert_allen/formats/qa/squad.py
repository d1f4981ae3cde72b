"""SQuAD 1.1 and 2.0 files, an article at a time, however large the file is."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import open_text
from spanbert_allen.common.record_checks import RecordError, is_list, shown
from spanbert_allen.formats.qa.question import Answer, Question


def read_squad(path: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[Question]:
    """
    The questions of a file in the layout of SQuAD 1.1 or 2.0, in its order. Questions of a
    paragraph share one `context` string.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad article, paragraph or question, which is then passed over. By default
        the error is raised. A file that is no JSON at all always stops the reading.
    """
    for number, article in enumerate(_articles(path), start=1):
        place = f"article {number}"
        if isinstance(article, Mapping) and isinstance(article.get("title"), str):
            place += f" ({shown(article['title'])})"
        yield from _guarded(_paragraphs(article), path, place, on_problem)


def _articles(path: str | Path) -> Iterator[Any]:
    import ijson

    number = 0
    try:
        with open_text(path) as file:
            for number, article in enumerate(  # noqa: B007 (counted for the error below)
                ijson.items(file, "data.item", use_float=True), start=1
            ):
                yield article
    except ijson.JSONError as error:
        reason = " ".join(str(error).split())[:80]
        raise DataError(
            f"not JSON after article {number} ({reason}); copy or download the file again", path
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"broken or incomplete gzip file ({error}); copy or download it again", path
        ) from error
    if not number:
        raise DataError(
            "holds no articles; a SQuAD file is one JSON object with a list `data` of articles",
            path,
        )


def _paragraphs(article: Any) -> Iterator[tuple[str, Question | RecordError]]:
    """Each question, or what is wrong, with its place in the article."""
    if not isinstance(article, Mapping) or not is_list(article.get("paragraphs")):
        yield "", RecordError("it has no list `paragraphs`; give each article one")
        return
    for number, paragraph in enumerate(article["paragraphs"], start=1):
        place = f", paragraph {number}"
        problem = _paragraph_problem(paragraph)
        if problem is not None:
            yield place, RecordError(problem)
            continue
        for index, record in enumerate(paragraph["qas"], start=1):
            name = f", question {index}"
            if isinstance(record, Mapping) and isinstance(record.get("id"), str):
                name = f", question {record['id']}"
            try:
                yield place + name, _question(record, paragraph["context"])
            except RecordError as error:
                yield place + name, error


def _paragraph_problem(paragraph: Any) -> str | None:
    if not isinstance(paragraph, Mapping):
        return f"it is {shown(paragraph)}; a paragraph is an object with `context` and `qas`"
    if not isinstance(paragraph.get("context"), str):
        return f"`context` is {shown(paragraph.get('context'))}; it must be the text"
    if not is_list(paragraph.get("qas")):
        return f"`qas` is {shown(paragraph.get('qas'))}; it must be the list of questions"
    return None


def _question(record: Any, context: str) -> Question:
    if not isinstance(record, Mapping):
        raise RecordError(f"it is {shown(record)}; a question is an object")
    for name in ("id", "question"):
        if not isinstance(record.get(name), str):
            raise RecordError(f"`{name}` is {shown(record.get(name))}; it must be a string")
    is_impossible = record.get("is_impossible", False)
    if not isinstance(is_impossible, bool):
        raise RecordError(f"`is_impossible` is {shown(is_impossible)}; it must be true or false")
    answers = tuple(_answers(record.get("answers", ()), context))
    return Question(
        id=record["id"],
        question=record["question"],
        context=context,
        answers=answers,
        labelled=answers[0] if answers and not is_impossible else None,
        is_impossible=is_impossible,
        is_annotated="answers" in record or is_impossible,
    )


def _answers(records: Any, context: str) -> Iterator[Answer]:
    if not is_list(records):
        raise RecordError(f"`answers` is {shown(records)}; it must be a list")
    for index, record in enumerate(records):
        if not isinstance(record, Mapping) or not isinstance(record.get("text"), str):
            raise RecordError(f"answers[{index}] is {shown(record)}; it must have a `text`")
        start = record.get("answer_start")
        if isinstance(start, bool) or not isinstance(start, int):
            raise RecordError(
                f"answers[{index}].answer_start is {shown(start)}; it must be a whole number"
            )
        if not 0 <= start <= len(context) - len(record["text"]):
            raise RecordError(
                f"answers[{index}] would begin at character {start} and have "
                f"{len(record['text'])}, but the context has {len(context)}; mend `answer_start`"
            )
        yield Answer(record["text"], start)


def _guarded(
    found: Iterator[tuple[str, Question | RecordError]],
    path: str | Path,
    place: str,
    on_problem: OnProblem | None,
) -> Iterator[Question]:
    for inside, item in found:
        if isinstance(item, Question):
            yield _placed(item, f"{path}: {place}{inside}")
            continue
        error = DataError(f"{place}{inside}: {item}", path)
        if on_problem is None:
            raise error
        on_problem(error)


def _placed(question: Question, place: str) -> Question:
    object.__setattr__(question, "place", place)  # before anybody has seen it
    return question
