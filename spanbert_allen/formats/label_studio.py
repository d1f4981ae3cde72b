"""Regions of Label Studio's exports, whose characters its versions count in two ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.common.spans import CharSpan


def place_in_text(span: CharSpan, value: Mapping[str, Any], text: object, name: str) -> CharSpan:
    """
    Return the characters of a region; raise a `RecordError` if what it quotes is not there.

    Some versions count a character beyond U+FFFF, such as an emoji, as two. The words that a region
    quotes tell how it was counted; a region that quotes nothing is taken as it is.

    # Parameters

    span : `CharSpan`
        The region's start and end as they are written.
    value : `Mapping[str, Any]`
        The region's value, whose `text` is what it quotes.
    text : `object`
        The text of the task. What is no string is refused elsewhere.
    name : `str`
        The region's name, for the message.
    """
    quoted = value.get("text")
    if not isinstance(text, str) or not isinstance(quoted, str):
        return span
    for found in (span, _counted_in_utf16(span, text)):
        if found.start >= 0 and _squeezed(text[slice(*found)]) == _squeezed(quoted):
            return found
    raise RecordError(
        f"the region {shown(name)} quotes {shown(quoted)}, but its characters {span.start} to "
        f"{span.end} are {shown(text[slice(*span)])}; give the text that was annotated"
    )


def _counted_in_utf16(span: CharSpan, text: str) -> CharSpan:
    """Return the characters that a span of units of UTF-16, two bytes each, stands for."""
    units = text.encode("utf-16-le", "surrogatepass")
    start, end = (
        len(units[: 2 * max(place, 0)].decode("utf-16-le", "surrogatepass")) for place in span
    )
    return CharSpan(start, end)


def _squeezed(text: str) -> str:
    """Return a text without white space, and without the two characters that write a line end."""
    return "".join(text.replace("\\n", " ").split())
