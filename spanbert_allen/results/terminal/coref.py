"""A coreference result for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.colours import paint
from spanbert_allen.results.escaping import for_terminal
from spanbert_allen.results.marked_text import marked, mentions_of


def coref_terminal(result: Mapping[str, Any], colour: bool) -> str:
    """Return the text, mentions in brackets with the number of their chain, then the chains."""
    lines = [_text(result, colour), ""]
    for number, cluster in enumerate(result["clusters"]):
        strings = " · ".join(for_terminal(" ".join(mention["text"].split())) for mention in cluster)
        lines.append(f"{paint(f'{number + 1:>3}', number, colour)}  {strings}")
    if not result["clusters"]:
        lines.append("no mentions that corefer")
    return "\n".join(lines) + "\n"


def _text(result: Mapping[str, Any], colour: bool) -> str:
    parts = []
    chains: list[int] = []
    for mark in marked(result["text"], mentions_of(result["clusters"])):
        if mark.mention is None:
            parts.append(paint(for_terminal(mark.text), chains[-1] if chains else None, colour))
        elif mark.kind == "open":
            chains.append(mark.mention.chain)
            parts.append(paint(f"[{mark.mention.chain + 1} ", mark.mention.chain, colour))
        else:
            parts.append(paint("]", chains.pop(), colour))
    return "".join(parts)
