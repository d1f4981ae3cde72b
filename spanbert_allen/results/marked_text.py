"""A text with nested mentions as a stream of openings, stretches and closings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from spanbert_allen.common.errors import DataError

_INTERRUPTIONS = 10
"""How often mentions may be interrupted by others that end inside them: so often for each ..."""
_MORE_INTERRUPTIONS = 1000
"""... and so often besides. Every mention that crosses all others makes their square of marks."""


class Mention(NamedTuple):
    """A mention in a text: its characters, `end` outside, and the number of its chain from 0."""

    start: int
    end: int
    chain: int
    details: Mapping[str, Any]


class Mark(NamedTuple):
    """
    One step through a marked text.

    Only `text` steps have `text`, only the others `mention`. `goes_on`: an opening continues a
    mention that was closed here, a closing interrupts one.
    """

    kind: Literal["open", "text", "close"]
    text: str = ""
    mention: Mention | None = None
    goes_on: bool = False


def mentions_of(
    clusters: Sequence[Sequence[Mapping[str, Any]]], *, first_chain: int = 0
) -> list[Mention]:
    """Return the mentions of a result's `clusters`, in the order of the text, outer first."""
    mentions = [
        Mention(details["start"], details["end"], chain, details)
        for chain, cluster in enumerate(clusters, start=first_chain)
        for details in cluster
    ]
    return sorted(mentions, key=lambda mention: (mention.start, -mention.end, mention.chain))


def marked(text: str, mentions: Sequence[Mention]) -> Iterator[Mark]:
    """
    Walk through a text with mentions.

    Openings and closings nest properly; of two mentions that cross, the one that goes on is closed
    and opened again, so it may open more than once.

    # Parameters

    text : `str`
        The text.
    mentions : `Sequence[Mention]`
        Its mentions, as `mentions_of` orders them.

    Raises a `DataError` where so many mentions cross others that it would never end.
    """
    position = 0
    is_open: list[Mention] = []
    num_ending: Counter[int] = Counter()  # how many of the open mentions end where
    left = _INTERRUPTIONS * len(mentions) + _MORE_INTERRUPTIONS
    boundaries = sorted({edge for mention in mentions for edge in (mention.start, mention.end)})
    pending = list(reversed(mentions))
    for boundary in boundaries:
        if position < boundary:
            yield Mark("text", text=text[position:boundary])
            position = boundary
        going_on = []
        while num_ending[boundary]:
            mention = is_open.pop()
            num_ending[mention.end] -= 1
            interrupts = mention.end != boundary
            yield Mark("close", mention=mention, goes_on=interrupts)
            if interrupts:
                going_on.append(mention)
        left -= len(going_on)
        if left < 0:
            raise DataError(
                f"too many of its {len(mentions)} mentions begin inside others and end outside of "
                "them to be shown; leave out mentions that cross others"
            )
        while pending and pending[-1].start == boundary:
            going_on.append(pending.pop())
        for mention in sorted(going_on, key=lambda mention: -mention.end):
            is_open.append(mention)
            num_ending[mention.end] += 1
            yield Mark("open", mention=mention, goes_on=mention.start < boundary)
    if position < len(text):
        yield Mark("text", text=text[position:])


def heights(marks: Sequence[Mark]) -> dict[int, int]:
    """
    Return how many levels of other mentions each mention holds, by the mention's `id()`.

    It is 0 for a mention that holds no other.

    # Parameters

    marks : `Sequence[Mark]`
        All steps of `marked`.
    """
    found: dict[int, int] = {}
    is_open: list[Mention] = []
    for mark in marks:
        if mark.mention is None:
            continue
        if mark.kind == "open":
            is_open.append(mark.mention)
            found.setdefault(id(mark.mention), 0)
        else:
            is_open.pop()
            if is_open:
                outer = id(is_open[-1])
                found[outer] = max(found[outer], found[id(mark.mention)] + 1)
    return found
