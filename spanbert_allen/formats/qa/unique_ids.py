"""Find questions that share an id: their predictions and scores could not be told apart."""

from __future__ import annotations

from collections.abc import Iterator

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.qa.question import Question


def with_unique_ids(
    questions: Iterator[Question], on_problem: OnProblem | None
) -> Iterator[Question]:
    """
    Yield the questions of a file; one whose id has been there before is a problem.

    # Parameters

    questions : `Iterator[Question]`
        With their places.
    on_problem : `Callable[[DataError], None]`, optional
        Called for such a question, which is then left out; `None` raises the error.
    """
    places: dict[str, str] = {}
    for question in questions:
        first = places.setdefault(question.id, question.place)
        if first is question.place:  # the places of two questions may read the same
            yield question
            continue
        error = DataError(
            f"{question.place}: the id {shown(question.id)} was given before, at {first}; give "
            "each question its own"
        )
        if on_problem is None:
            raise error
        on_problem(error)
