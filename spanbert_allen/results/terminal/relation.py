"""Relations for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.colours import paint
from spanbert_allen.results.escaping import for_terminal
from spanbert_allen.results.marked_text import marked, mentions_of


def relation_terminal(result: Mapping[str, Any], colour: bool) -> str:
    """Return the text with its entities in brackets, then the relations and probabilities."""
    entities = result["entities"]
    parts = []
    open_entities: list[int] = []
    for mark in marked(result["text"], mentions_of([[entity] for entity in entities])):
        if mark.mention is None:
            inside = open_entities[-1] if open_entities else None
            parts.append(paint(for_terminal(mark.text), inside, colour))
        elif mark.kind == "open":
            open_entities.append(mark.mention.chain)
            parts.append(paint("[", mark.mention.chain, colour))
        else:
            parts.append(paint("]", open_entities.pop(), colour))
    lines = ["".join(parts), ""]
    for relation in result["relations"]:
        subject, object_ = (
            paint(for_terminal(" ".join(entities[place]["text"].split())), place, colour)
            for place in (relation["subject"], relation["object"])
        )
        label = for_terminal(relation["label"])
        lines.append(f"  {relation['probability']:.3f}  {subject} - {label} - {object_}")
    if not result["relations"]:
        lines.append("no pair of entities to judge")
    return "\n".join(lines) + "\n"
