"""Answers to a question as HTML: the context with the answer marked, and the other answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.escaping import as_html


def qa_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the question's id.

    # Parameters

    number : `int`
        The result's place on the page, for links.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_qa`.
    """
    context, start, end = result["context"], result["start"], result["end"]
    if start is None:
        marked, anchor = as_html(context), "no answer"
    else:
        identity = f"a{number}"
        marked = (
            f'{as_html(context[:start])}<span class="mention" style="--hue:138" id="{identity}">'
            f"{as_html(context[start:end])}</span>{as_html(context[end:])}"
        )
        anchor = f'<a href="#{identity}">{as_html(result["answer"])}</a>'
    items = "\n".join(_item(answer) for answer in result["answers"])
    return (
        f"<p><b>{as_html(result['question'])}</b> {anchor}{_odds(result)}</p>\n"
        f'<div class="text" dir="auto">{marked}</div>\n<aside>\n<ol>\n{items}\n</ol>\n</aside>'
    )


def _item(answer: Mapping[str, Any]) -> str:
    text = as_html(" ".join(answer["text"].split())) or "<i>no answer</i>"
    return f"<li><small>{answer['probability']:.3f}</small> {text}</li>"


def _odds(result: Mapping[str, Any]) -> str:
    if result.get("no_answer_score") is None:
        return ""
    return (
        f" <small>no-answer score {result['no_answer_score']:.2f}, "
        f"threshold {result['threshold']:.2f}</small>"
    )
