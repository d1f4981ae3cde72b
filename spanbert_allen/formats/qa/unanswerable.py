"""
Make unanswerable questions of answerable ones.

A question loses its answer in one of two ways: its context is left without the sentences of its
answers, or another context of the same article takes its place, the one that shares most words with
the question. If an answer's text is still there, or fewer than two sentences are left, the question
is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.any_layout import read_questions
from spanbert_allen.formats.qa.question import Answer, Question

_ENDS = ".!?\n。\uff01\uff1f"  # the last two are the fullwidth ! and ?
_SENTENCE = re.compile(f"[^{_ENDS}]+(?:[{_ENDS}]+|$)")
_WORD = re.compile(r"\w{3,}")

Articles = Mapping[str, Mapping[str, frozenset[str]]]
"""The words of each context, by the title of its article; contexts without one are left out."""


@dataclass
class Mixture:
    """
    Hold as many questions with an answer as without.

    # Parameters

    answerable : `list[Question]`
        Those that are as they were.
    unanswerable : `list[Question]`
        Those that lost their answers; their ids end in `-no`.
    num_shortened : `int`
        How many of the latter have a context without the sentences of the answers.
    num_passed_over : `int`
        How many others would have kept an answer.
    """

    answerable: list[Question] = field(default_factory=list)
    unanswerable: list[Question] = field(default_factory=list)
    num_shortened: int = 0
    num_passed_over: int = 0

    def squad(self, rng: Random) -> dict[str, Any]:
        """Return them as the object of a SQuAD 2.0 file, the contexts in an order that is drawn."""
        by_context: dict[str, list[dict[str, Any]]] = {}
        for one in [*self.answerable, *self.unanswerable]:
            placed = _placed_answers(one)
            answers = [{"text": text, "answer_start": start} for text, start in placed]
            asked: dict[str, Any] = {"id": one.id, "question": one.question}
            record = asked | {"answers": answers, "is_impossible": one.is_impossible}
            by_context.setdefault(one.context, []).append(record)
        paragraphs = [{"context": context, "qas": qas} for context, qas in by_context.items()]
        rng.shuffle(paragraphs)
        return {"version": "v2.0", "data": [{"title": "mixed", "paragraphs": paragraphs}]}


def answered_questions(path: str | Path) -> list[Question]:
    """
    Read the questions of a file that have an answer with a place, in any layout.

    Raises a `DataError` if there is none.
    """
    questions = [one for one in read_questions(path) if one.labelled is not None]
    if not questions:
        raise DataError("no question has an answer; give a file of answerable ones", path)
    return questions


def mix(questions: Sequence[Question], number: int, rng: Random) -> Mixture:
    """
    Draw questions as they are, and as many others that lose their answers, in turns either way.

    Raises a `ConfigError` if there are not so many, or not so many can lose them.

    # Parameters

    questions : `Sequence[Question]`
        Answered ones, from `answered_questions`.
    number : `int`
        How many of either kind.
    rng : `Random`
        Draws them.
    """
    if len(questions) < 2 * number:
        raise ConfigError(
            f"{number} questions with an answer and {number} without take {2 * number} answered "
            f"ones, and there are {len(questions)}; give more, or ask for fewer"
        )
    articles: dict[str, dict[str, frozenset[str]]] = {}
    for one in questions:
        contexts = articles.setdefault(one.title, {}) if one.title else {}
        if one.context not in contexts:
            contexts[one.context] = _words(one.context)
    pool = list(questions)
    rng.shuffle(pool)
    mixture = Mixture(pool[:number])
    for place, one in enumerate(pool[number:]):
        if len(mixture.unanswerable) == number:
            break
        replaced = other_context(one, articles) if place % 2 else None
        context = replaced or without_answers(one)
        if not context or any(text.lower() in context.lower() for text, _ in one.answers):
            mixture.num_passed_over += 1
            continue
        mixture.num_shortened += replaced is None
        mixture.unanswerable.append(
            replace(
                one,
                id=f"{one.id}-no",
                context=context,
                answers=(),
                labelled=None,
                is_impossible=True,
            )
        )
    if len(mixture.unanswerable) < number:
        raise ConfigError(
            f"of the {len(pool)} answered questions, {number} were to stay as they are, and only "
            f"{len(mixture.unanswerable)} of the others can lose their answers; ask for fewer"
        )
    return mixture


def other_context(question: Question, articles: Articles) -> str | None:
    """Return the other context of the article that shares most words with the question."""
    wanted = _words(question.question)
    contexts = articles.get(question.title, {})
    others = [context for context in contexts if context != question.context]
    return max(others, key=lambda context: len(wanted & contexts[context]), default=None)


def without_answers(question: Question) -> str:
    """Return the context without the sentences of the answers; "" if fewer than two are left."""
    answers = _placed_answers(question)
    kept = [
        sentence.group()
        for sentence in _SENTENCE.finditer(question.context)
        if not any(_overlaps(answer, *sentence.span()) for answer in answers)
    ]
    text = "".join(kept)
    return text if len(kept) > 1 and text.strip() else ""


def _placed_answers(question: Question) -> list[Answer]:
    """Return the answers with a place: all of SQuAD's, and of MRQA's the labelled one."""
    placed = [answer for answer in question.answers if answer.start is not None]
    return placed if placed or question.labelled is None else [question.labelled]


def _overlaps(answer: Answer, start: int, end: int) -> bool:
    assert answer.start is not None  # it is one of `_placed_answers`
    return answer.start < end and answer.start + len(answer.text) > start


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
