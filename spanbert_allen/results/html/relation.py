"""Relations as HTML: the text with its entities, and the relations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.colours import hue_style
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.marked_text import marked, mentions_of


def relation_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the text's name.

    # Parameters

    number : `int`
        The result's place on the page, for links.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_relation`.
    """
    entities = result["entities"]
    parts = []
    for mark in marked(result["text"], mentions_of([[entity] for entity in entities])):
        if mark.mention is None:
            parts.append(as_html(mark.text))
        elif mark.kind == "open":
            place = mark.mention.chain
            identity = "" if mark.goes_on else f' id="r{number}-{place}"'
            title = as_html(entities[place]["type"])
            parts.append(f'<span{identity} class="mention" {hue_style(place)} title="{title}">')
        else:
            parts.append("</span>")
    items = "\n".join(_item(number, relation, entities) for relation in result["relations"])
    relations = f"<ol>\n{items}\n</ol>" if items else "<p>No pair of entities to judge.</p>"
    return f'<div class="text" dir="auto">{"".join(parts)}</div>\n<aside>\n{relations}\n</aside>'


def _item(number: int, relation: Mapping[str, Any], entities: Any) -> str:
    subject, object_ = (
        f'<a href="#r{number}-{relation[role]}" dir="auto">'
        f"{as_html(' '.join(entities[relation[role]]['text'].split()))}</a>"
        for role in ("subject", "object")
    )
    return (
        f"<li><small>{relation['probability']:.3f}</small> {subject} "
        f"<b>{as_html(relation['label'])}</b> {object_}</li>"
    )
