"""Hold a question on a text, whichever data set it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Answer(NamedTuple):
    """Hold an annotated answer; `start` is its first character in the context, if that is known."""

    text: str
    start: int | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    Hold a question on a text.

    # Parameters

    id : `str`
        The id of the question in its data set.
    question : `str`
        The question.
    context : `str`
        The text that holds the answer.
    answers : `tuple[Answer, ...]`, optional (default = `()`)
        All right answers, for scoring. A question without one counts as unanswerable there.
    labelled : `Answer`, optional (default = `None`)
        The answer that is learnt, with its place.
    is_impossible : `bool`, optional (default = `False`)
        Whether training takes the question as one that the text does not answer.
    is_annotated : `bool`, optional (default = `True`)
        Whether the answers are known at all; those of a user's own question are not.
    place : `str`, optional (default = `""`)
        The file and the place in it, for messages.
    dataset : `str`, optional (default = `""`)
        The data set that it is of, if the file says so, as those of MRQA do.
    title : `str`, optional (default = `""`)
        The title of the article that the context is of, if the file says so.
    """

    id: str
    question: str
    context: str
    answers: tuple[Answer, ...] = ()
    labelled: Answer | None = None
    is_impossible: bool = False
    is_annotated: bool = True
    place: str = ""
    dataset: str = ""
    title: str = ""
