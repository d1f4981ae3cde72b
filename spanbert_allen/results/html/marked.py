"""A text with coloured mentions as HTML, in parts that a browser lays out only where it must."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from spanbert_allen.results.colours import hue_class
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.marked_text import Mark, Mention, heights, marked

_PART = 3000
"""A part ends at the first line break after so many characters ..."""
_LONG_PART = 9000
"""... or, in a text without line breaks, at the first end of a sentence after so many."""
_SENTENCE_END = re.compile(r"[.!?]\s|[\u3002\uff01\uff1f]")
_MOST_HEIGHT = 3
"""How many levels of inner mentions the room between two lines can show."""


def marked_html(
    text: str,
    mentions: Sequence[Mention],
    *,
    anchor: Callable[[Mention], str],
    attributes: Callable[[Mention], str],
    label: Callable[[Mention], str],
) -> str:
    """
    Return a text whose mentions are elements, each in the colour of its chain.

    An outer mention is higher than the mentions in it, so that its colour is seen around theirs. A
    mention that crosses another one has several elements.

    # Parameters

    text : `str`
        The text.
    mentions : `Sequence[Mention]`
        Its mentions, as `mentions_of` orders them.
    anchor : `Callable[[Mention], str]`
        Gives the id of a mention's first element.
    attributes : `Callable[[Mention], str]`
        Gives further attributes of each of its elements.
    label : `Callable[[Mention], str]`
        Gives the HTML of what stands in small letters at its end, maybe empty.
    """
    marks = list(marked(text, mentions))
    levels = heights(marks)
    parts = _Parts()
    for mark in marks:
        mention = mark.mention
        if mention is None:
            parts.add_text(mark.text)
        elif mark.kind == "open":
            height = min(levels[id(mention)], _MOST_HEIGHT)
            classes = f"mention {hue_class(mention.chain)}" + (f" high-{height}" if height else "")
            identity = "" if mark.goes_on else f' id="{anchor(mention)}"'
            parts.open(f'<span{identity} class="{classes}" {attributes(mention)}>')
        else:
            parts.close(_closing(mark, label))
    return f'<div class="text" dir="auto">{parts.html()}</div>'


def link(identity: str, text: str) -> str:
    """Return a link to the element of a mention, on one line."""
    return f'<a href="#{identity}" dir="auto">{as_html(one_line(text))}</a>'


def one_line(text: str) -> str:
    """Return a text without line breaks and further white space."""
    return " ".join(text.split())


def _closing(mark: Mark, label: Callable[[Mention], str]) -> str:
    assert mark.mention is not None
    small = "" if mark.goes_on else label(mark.mention)
    return (f"<sub>{small}</sub>" if small else "") + "</span>"


class _Parts:
    """Collects HTML, and divides it where no mention is open."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._pieces: list[str] = []
        self._length = self._depth = 0

    def add_text(self, text: str) -> None:
        while text:
            end = self._end(text)
            self._pieces.append(as_html(text[:end]))
            self._length += len(text[:end])
            if end is not None:
                self._divide()
            text = "" if end is None else text[end:]

    def open(self, tag: str) -> None:
        self._pieces.append(tag)
        self._depth += 1

    def close(self, tag: str) -> None:
        self._pieces.append(tag)
        self._depth -= 1

    def html(self) -> str:
        self._divide()
        return "".join(self._done)

    def _end(self, text: str) -> int | None:
        """Return where in a text the part ends, `None` if it goes on."""
        if self._depth:
            return None
        line_end = text.find("\n", max(_PART - self._length, 0))
        if line_end >= 0:
            return line_end + 1
        sentence_end = _SENTENCE_END.search(text, max(_LONG_PART - self._length, 0))
        return sentence_end.end() if sentence_end else None

    def _divide(self) -> None:
        if self._pieces:
            self._done.append(f'<div class="part">{"".join(self._pieces)}</div>')
        self._pieces, self._length = [], 0
