"""The mentions of JSON records: characters or words to spans of words."""

from __future__ import annotations

from collections.abc import Sequence

from spanbert_allen.common.record_checks import RecordError, is_list, pair, shown
from spanbert_allen.common.spans import Cluster, WordSpan
from spanbert_allen.common.text import SplitText


class WordPlaces:
    """Mentions given in words, end inside."""

    def __init__(self, words: Sequence[str]):
        self._words = words

    def word_span(self, start: int, end: int, place: str) -> WordSpan:
        """The span, if the document has it."""
        if not 0 <= start <= end < len(self._words):
            raise RecordError(
                f"{place} is words {start} to {end}, but the document has {len(self._words)} "
                "words, numbered from 0; give [first, last], both inside"
            )
        return WordSpan(start, end)

    def show(self, start: int, end: int) -> str:
        """The words."""
        return " ".join(self._words[start : end + 1])


class CharPlaces:
    """Mentions given in characters, end outside."""

    def __init__(self, text: str, split: SplitText):
        self._text = text
        self._first = {span.start: index for index, span in enumerate(split.word_chars)}
        self._last = {span.end: index for index, span in enumerate(split.word_chars)}

    def word_span(self, start: int, end: int, place: str) -> WordSpan:
        """The words of the span, if it begins and ends with one."""
        if not 0 <= start < end <= len(self._text):
            raise RecordError(
                f"{place} is characters {start} to {end}, but the text has {len(self._text)}; "
                "give [start, end], numbered from 0, the end outside and after the start"
            )
        first, last = self._first.get(start), self._last.get(end)
        if first is None or last is None:
            side = "begin" if first is None else "end"
            around = self._text[max(0, start - 15) : end + 15]
            raise RecordError(
                f"{place}, {shown(self._text[start:end])} at characters {start} to {end}, does not "
                f"{side} at a word boundary in {shown(around)}; move it there, or give tokens"
            )
        return WordSpan(first, last)

    def show(self, start: int, end: int) -> str:
        """The text."""
        return self._text[start:end]


def clusters_of_words(value: object, places: WordPlaces | CharPlaces) -> list[Cluster] | None:
    """
    The clusters of a record, sorted.

    # Parameters

    value : `object`
        What the record holds under `clusters`.
    places : `WordPlaces | CharPlaces`
        What the numbers of its mentions count.

    # Returns

    `list[Cluster] | None`
        `None` for `None`. Raises a `RecordError` for what is no list of mentions, and for a mention
        that is outside the document, not made of words, or there twice.
    """
    if value is None:
        return None
    if not is_list(value):
        raise RecordError(f"clusters is {shown(value)}; it must be a list of lists of mentions")
    found_at: dict[WordSpan, str] = {}
    clusters = []
    for number, mentions in enumerate(value):
        name = f"clusters[{number}]"
        if not is_list(mentions) or not mentions:
            raise RecordError(f"{name} is {shown(mentions)}; it must be a list of mentions")
        spans = []
        for index, mention in enumerate(mentions):
            place = f"{name}[{index}]"
            start, end = pair(mention, place)
            span = places.word_span(start, end, place)
            if span in found_at:
                raise RecordError(
                    f"{place}, {shown(places.show(start, end))}, is the mention that "
                    f"{found_at[span]} is; keep one of them"
                )
            found_at[span] = place
            spans.append(span)
        clusters.append(tuple(sorted(spans)))
    return sorted(clusters)
