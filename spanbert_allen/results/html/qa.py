"""Answers to a question as HTML: the context with the answers marked, and a list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.results.answer_groups import AnswerGroup, group_answers
from spanbert_allen.results.colours import hue_class
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.html.marked import link, marked_html, one_line
from spanbert_allen.results.marked_text import Mention, mentions_of

_MOST_MARKED = 5
"""How many answers are marked in the context."""


def qa_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the question's id.

    # Parameters

    number : `int`
        The result's place on the page, for links.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_qa`.
    """
    groups = group_answers(_answers(result))
    places = _places(result, groups)
    text = marked_html(
        result["context"],
        mentions_of([[] if place is None else [place] for place in places]),
        anchor=lambda mention: _anchor(number, mention.chain),
        attributes=_attributes,
        label=lambda mention: str(mention.chain + 1) if len(places) > 1 else "",
    )
    answer = as_html(one_line(result["answer"])) or "no answer"
    items = "\n".join(
        _item(number, rank, group, places, result) for rank, group in enumerate(groups)
    )
    return (
        f'<p class="question"><b>{as_html(result["question"])}</b> <span>{answer}</span>'
        f"{_odds(result)}</p>\n{text}\n"
        f'<aside>\n<ol class="answers">\n{items}\n</ol>\n</aside>'
    )


def _answers(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the answers; the chosen one is among them, even if fewer were asked for."""
    answers = list(result["answers"])
    if result["start"] is not None and not any(_is_chosen(result, one) for one in answers):
        probability = result.get("probability") or 0.0
        answers.append({**result, "text": result["answer"], "probability": probability})
    return answers


def _is_chosen(result: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    return all(result[name] == answer.get(name) for name in ("start", "end"))


def _places(
    result: Mapping[str, Any], groups: Sequence[AnswerGroup]
) -> list[Mapping[str, Any] | None]:
    """Return what to mark of each group, `None` for nothing."""
    size = len(result["context"])
    places: list[Mapping[str, Any] | None] = []
    for group in groups[:_MOST_MARKED]:
        start, end = group.best.get("start"), group.best.get("end")
        is_inside = start is not None and end is not None and 0 <= start < end <= size
        places.append(group.best if is_inside else None)
    return places


def _attributes(mention: Mention) -> str:
    return f'data-chain="{mention.chain}" title="probability {mention.details["probability"]:.3f}"'


def _anchor(number: int, rank: int) -> str:
    return f"a{number}-{rank}"


def _item(
    number: int,
    rank: int,
    group: AnswerGroup,
    places: Sequence[Mapping[str, Any] | None],
    result: Mapping[str, Any],
) -> str:
    is_marked = rank < len(places) and places[rank] is not None
    text = as_html(one_line(group.best["text"]))
    shown = link(_anchor(number, rank), group.best["text"]) if is_marked else text
    classes = f' class="mention {hue_class(rank)}" data-chain="{rank}"' if is_marked else ""
    is_chosen = any(_is_chosen(result, answer) for answer in (group.best, *group.others))
    current = ' aria-current="true"' if is_chosen else ""
    return (
        f"<li{classes}{current}><small>{group.probability:.3f}</small> "
        f"{shown or '<i>no answer</i>'}{_others(group)}</li>"
    )


def _others(group: AnswerGroup) -> str:
    if not group.others:
        return ""
    items = "".join(
        f"<li><small>{answer['probability']:.3f}</small> {as_html(one_line(answer['text']))}</li>"
        for answer in (group.best, *group.others)
    )
    return (
        f"<details><summary>cut in {len(group.others) + 1} ways</summary><ul>{items}</ul></details>"
    )


def _odds(result: Mapping[str, Any]) -> str:
    if result.get("no_answer_score") is None:
        return ""
    return (
        f" <small>no-answer score {result['no_answer_score']:.2f}, "
        f"threshold {result['threshold']:.2f}</small>"
    )
