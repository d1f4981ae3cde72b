"""A coreference result for a terminal: coloured where colours are wanted, bracketed everywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import IO, Any

from spanbert_allen.integrations.marked_text import marked, mentions_of

# Of the 256-colour table: bright enough on black, dark enough on white.
_COLOURS = (33, 166, 35, 127, 136, 37, 161, 99, 64, 203, 31, 172)
_RESET = "\x1b[0m"
# A text could carry escape sequences of its own; none reaches the terminal.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def wants_colour(stream: IO[str], environment: Mapping[str, str] | None = None) -> bool:
    """
    Whether to write colours to a stream: a terminal, and neither `NO_COLOR` (no-color.org) nor
    `TERM=dumb` in the environment.
    """
    environment = os.environ if environment is None else environment
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return stream.isatty()


def render_terminal(result: Mapping[str, Any], *, colour: bool) -> str:
    """
    The text with each mention in brackets that bear the number of its chain, then the chains.

    # Parameters

    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_coref`, or an error record.
    colour : `bool`
        Whether to give each chain a colour.
    """
    if "error" in result:
        return f"not predicted: {_safe(result['error'])}\n"
    lines = [_text(result, colour), ""]
    for number, cluster in enumerate(result["clusters"]):
        strings = " · ".join(_safe(" ".join(mention["text"].split())) for mention in cluster)
        lines.append(f"{_paint(f'{number + 1:>3}', number, colour)}  {strings}")
    if not result["clusters"]:
        lines.append("no mentions that corefer")
    return "\n".join(lines) + "\n"


def _text(result: Mapping[str, Any], colour: bool) -> str:
    parts = []
    chains: list[int] = []
    for mark in marked(result["text"], mentions_of(result["clusters"])):
        if mark.mention is None:
            parts.append(_paint(_safe(mark.text), chains[-1] if chains else None, colour))
        elif mark.kind == "open":
            chains.append(mark.mention.chain)
            parts.append(_paint(f"[{mark.mention.chain + 1} ", mark.mention.chain, colour))
        else:
            parts.append(_paint("]", chains.pop(), colour))
    return "".join(parts)


def _paint(text: str, chain: int | None, colour: bool) -> str:
    if not colour or chain is None:
        return text
    return f"\x1b[1;38;5;{_COLOURS[chain % len(_COLOURS)]}m{text}{_RESET}"


def _safe(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))
