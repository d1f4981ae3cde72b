"""A question on a text, as every question answering data set is read into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Answer(NamedTuple):
    """An annotated answer; `start` is its first character in the context, `None` if unknown."""

    text: str
    start: int | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    A question on a text.

    # Parameters

    id : `str`
        Its name in the data set.
    question : `str`
        The question.
    context : `str`
        The text that holds the answer.
    answers : `tuple[Answer, ...]`, optional (default = `()`)
        All answers that are right, for scoring.
    labelled : `Answer`, optional (default = `None`)
        The one that is learnt, with its place.
    is_impossible : `bool`, optional (default = `False`)
        Whether the text does not answer it.
    is_annotated : `bool`, optional (default = `True`)
        Whether the above says anything: for a user's own question it does not.
    place : `str`, optional (default = `""`)
        Where it stands, for messages.
    """

    id: str
    question: str
    context: str
    answers: tuple[Answer, ...] = ()
    labelled: Answer | None = None
    is_impossible: bool = False
    is_annotated: bool = True
    place: str = ""
