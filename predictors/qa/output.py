"""Turn the answers to a question into JSON, with their places in the user's own text."""

from __future__ import annotations

import math
from typing import Any

from spanbert_allen.formats.qa.question import Question
from spanbert_allen.modules.qa.decoder import DecodedAnswers, RankedAnswer

SCHEMA = "spanbert_allen.qa/1"


def qa_json(
    question: Question, decoded: DecodedAnswers, *, top_k: int | None, threshold: float
) -> dict[str, Any]:
    """
    Return the result for one question.

    # Parameters

    question : `Question`
        The question.
    decoded : `DecodedAnswers`
        Its answers.
    top_k : `int`, optional
        How many to give; `None` means all.
    threshold : `float`
        The question is answered with nothing if the no-answer score is above it.

    # Returns

    `dict[str, Any]`
        `schema`, `id`, `question` and `context`. The answer that is chosen: `answer`, empty for "no
        answer", `start` and `end` (characters of the context, the end outside), `score` (the sum of
        logits) and `probability`, all four `null` if there is nothing to choose from. `answers`,
        the best first, each with `text` and the same keys, `start_logit` and `end_logit`. And
        `null_score`, `no_answer_score` and `threshold`, `null` for a model that always answers.
    """
    no_answer = decoded.no_answer_score
    best = decoded.best
    if no_answer is not None and no_answer > threshold:
        best = next((answer for answer in decoded.answers if not answer.text), None)
    chosen = {"text": ""} if best is None else _answer(best)
    return {
        "schema": SCHEMA,
        "id": question.id,
        "question": question.question,
        "context": question.context,
        "answer": chosen["text"],
        **{name: chosen.get(name) for name in ("start", "end", "score", "probability")},
        "answers": [_answer(answer) for answer in decoded.answers[:top_k]],
        "null_score": _finite(decoded.null_score),
        "no_answer_score": _finite(no_answer),
        "threshold": None if decoded.null_score is None else threshold,
    }


def _finite(score: float | None) -> float | None:
    return score if score is not None and math.isfinite(score) else None


def _answer(answer: RankedAnswer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "start": None if answer.chars is None else answer.chars.start,
        "end": None if answer.chars is None else answer.chars.end,
        "score": answer.score,
        "probability": answer.probability,
        "start_logit": answer.start_logit,
        "end_logit": answer.end_logit,
    }
