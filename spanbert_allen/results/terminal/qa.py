"""Answers to a question for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.colours import paint
from spanbert_allen.results.escaping import for_terminal

_AROUND = 300  # characters of the context on each side of the answer
_MOST = 5


def qa_terminal(result: Mapping[str, Any], colour: bool) -> str:
    """Return the question, the answer in brackets in its context, and the best answers."""
    start, end, context = result["start"], result["end"], result["context"]
    lines = [for_terminal(result["question"])]
    if start is None:
        lines.append(_until(context, 2 * _AROUND))
        lines += ["", "no answer" + _odds(result)]
    else:
        first = max(start - _AROUND, 0)
        before = "... " * (first > 0) + for_terminal(context[first:start])
        answer = paint(f"[{for_terminal(context[start:end])}]", 0, colour)
        lines.append(before + answer + _until(context[end:], _AROUND))
        lines += ["", f"{for_terminal(result['answer'])}{_odds(result)}"]
    for answer in result["answers"][:_MOST]:
        text = for_terminal(" ".join(answer["text"].split())) or "no answer"
        lines.append(f"  {answer['probability']:.3f}  {text}")
    return "\n".join(lines) + "\n"


def _until(text: str, end: int) -> str:
    return for_terminal(text[:end]) + " ..." * (end < len(text))


def _odds(result: Mapping[str, Any]) -> str:
    if result.get("no_answer_score") is None:
        return ""
    return (
        f" (no-answer score {result['no_answer_score']:.2f}, threshold {result['threshold']:.2f})"
    )
