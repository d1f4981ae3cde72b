"""Read the mentions of JSON records: characters or words to spans of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from spanbert_allen.common.record_checks import RecordError, is_list, is_whole, pair, shown
from spanbert_allen.common.spans import CharSpan, Cluster, WordSpan
from spanbert_allen.common.text import SplitText, whole_characters
from spanbert_allen.formats.coref.findings import Findings, RecordFindings


class SpanResolver(Protocol):
    """Tell which words the numbers of a mention mean."""

    def span(self, mention: object, place: str) -> WordSpan:
        """Return the words of a mention; raise a `RecordError` for one that there is not."""
        ...

    def show(self, span: WordSpan) -> str:
        """Return the text of a mention."""
        ...


class WordResolver:
    """
    Resolve mentions that are given in words of the document.

    # Parameters

    words : `Sequence[str]`
        The document's.
    end_inside : `bool`, optional (default = `True`)
        Whether the second number is that of the last word, or the one after it.
    """

    def __init__(self, words: Sequence[str], *, end_inside: bool = True):
        self._words = words
        self._beyond = 0 if end_inside else 1

    def span(self, mention: object, place: str) -> WordSpan:
        """Return the span, if the document has it."""
        start, end = pair(mention, place)
        if not 0 <= start <= end - self._beyond < len(self._words):
            inside = "the end outside" if self._beyond else "both inside"
            raise RecordError(
                f"{place} is words {start} to {end}, but the document has {len(self._words)} "
                f"words, numbered from 0; give [first, last], {inside}"
            )
        return WordSpan(start, end - self._beyond)

    def show(self, span: WordSpan) -> str:
        """Return the words."""
        return " ".join(self._words[span.start : span.end + 1])


class SentenceResolver:
    """Resolve mentions that are given as [sentence, first word in it, the word after the last]."""

    def __init__(self, sentences: Sequence[Sequence[str]]):
        self._sentences = sentences
        self._first_words = [0, *accumulate(map(len, sentences))]
        self._words = [word for sentence in sentences for word in sentence]

    def span(self, mention: object, place: str) -> WordSpan:
        """Return the span, if the sentence has it."""
        if not is_list(mention) or len(mention) != 3:
            raise RecordError(f"{place} is {shown(mention)}; it must be [sentence, start, end]")
        sentence, start = pair(mention[:2], place)
        _, end = pair(mention[1:], place)
        if not 0 <= sentence < len(self._sentences):
            raise RecordError(
                f"{place} is in sentence {sentence}, but the document has {len(self._sentences)}, "
                "numbered from 0"
            )
        length = len(self._sentences[sentence])
        if not 0 <= start < end <= length:
            raise RecordError(
                f"{place} is words {start} to {end} of sentence {sentence}, which has {length} "
                "words, numbered from 0; give [sentence, first, end], the end outside"
            )
        offset = self._first_words[sentence]
        return WordSpan(offset + start, offset + end - 1)

    def show(self, span: WordSpan) -> str:
        """Return the words."""
        return " ".join(self._words[span.start : span.end + 1])


class CharResolver:
    """Resolve mentions that are given in characters, end outside."""

    def __init__(self, text: str, split: SplitText):
        self._text = text
        self._chars = split.word_chars
        self._first = {span.start: index for index, span in enumerate(split.word_chars)}
        self._last = {span.end: index for index, span in enumerate(split.word_chars)}

    def span(self, mention: object, place: str) -> WordSpan:
        """Return the words of the span, if it begins and ends with one."""
        start, end = pair(mention, place)
        check_chars(start, end, self._text, place)
        if not self._text[start:end].strip():
            raise RecordError(
                f"{place}, characters {start} to {end}, is only white space; mark a word"
            )
        start, end = snapped(self._text, start, end)
        first, last = self._first.get(start), self._last.get(end)
        if first is None or last is None:
            side = "begin" if first is None else "end"
            around = self._text[max(0, start - 15) : end + 15]
            raise RecordError(
                f"{place}, {shown(self._text[start:end])} at characters {start} to {end}, does not "
                f"{side} at a word in {shown(around)}; move it there, or give tokens"
            )
        return WordSpan(first, last)

    def show(self, span: WordSpan) -> str:
        """Return the text."""
        return self._text[self._chars[span.start].start : self._chars[span.end].end]


def check_chars(start: int, end: int, text: str, place: str) -> None:
    """Raise a `RecordError` if the text has no such characters, or there are none between."""
    if not 0 <= start < end <= len(text):
        raise RecordError(
            f"{place} is characters {start} to {end}, but the text has {len(text)}; "
            "give [start, end], numbered from 0, the end outside and after the start"
        )


def snapped(text: str, start: int, end: int) -> CharSpan:
    """
    Return the characters of a mention without white space at its edges, its last marks included.

    # Parameters

    text : `str`
        The text.
    start, end : `int`
        Characters in it, as they were annotated.
    """
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return whole_characters(text, CharSpan(start, start + len(inside.strip())))


def mention_edges(clusters: object, text: str) -> list[int]:
    """
    Return where mentions begin and end: words of a text are cut there.

    So mentions may be parts of what the splitter takes for a word, as in languages that are written
    without blanks. What is no mention is left to `clusters_of_words` to complain about.
    """
    edges: list[int] = []
    for mentions in clusters if is_list(clusters) else ():
        for mention in mentions if is_list(mentions) else ():
            if is_list(mention) and len(mention) == 2 and all(map(is_whole, mention)):
                start, end = mention
                if 0 <= start < end <= len(text):
                    edges.extend(snapped(text, start, end))
    return edges


def clusters_of_words(
    value: object,
    places: SpanResolver,
    *,
    name: str = "clusters",
    findings: RecordFindings | None = None,
    merge: bool = False,
) -> list[Cluster] | None:
    """
    Return the clusters of a record, sorted.

    # Parameters

    value : `object`
        What the record holds.
    places : `SpanResolver`
        What the numbers of its mentions count.
    name : `str`, optional (default = `"clusters"`)
        The key that it holds them under.
    findings : `RecordFindings`, optional (default = `None`)
        What is done with a bad mention. By default the first is raised, as a `DataError`.
    merge : `bool`, optional (default = `False`)
        Whether clusters that share a mention become one, as the original programs make of them, and
        a mention that a cluster has twice is read once. Otherwise both are problems.

    # Returns

    `list[Cluster] | None`
        `None` for `None`. Raises a `RecordError` for what is no list of lists. Problems are
        mentions outside the document, or not made of words, or there twice.
    """
    if value is None:
        return None
    if not is_list(value):
        raise RecordError(f"{name} is {shown(value)}; it must be a list of lists of mentions")
    reading = _MentionReading(places, findings or RecordFindings(Findings()), merge)
    clusters = []
    for number, mentions in enumerate(value):
        cluster = f"{name}[{number}]"
        if not is_list(mentions) or not mentions:
            raise RecordError(f"{cluster} is {shown(mentions)}; it must be a list of mentions")
        spans = sorted(reading.spans(mentions, cluster))
        if spans:
            clusters.append(tuple(spans))
    if reading.findings.keeps_repeated:
        return clusters
    return merge_clusters_sharing_mentions(clusters)[0] if reading.shares else sorted(clusters)


def merge_clusters_sharing_mentions(
    clusters: Sequence[Sequence[WordSpan]],
) -> tuple[list[Cluster], int]:
    """
    Join clusters that share a mention, and those joined with them in turn.

    # Parameters

    clusters : `Sequence[Sequence[WordSpan]]`
        The clusters.

    # Returns

    `list[Cluster]`
        The clusters, each sorted and without repeated mentions, in document order.
    `int`
        How many clusters went into others.
    """
    home: dict[WordSpan, set[WordSpan]] = {}
    for cluster in clusters:
        joined = set(cluster)
        for mention in cluster:
            if mention in home and home[mention] is not joined:
                joined |= home[mention]
        for mention in joined:
            home[mention] = joined
    merged = {id(cluster): tuple(sorted(cluster)) for cluster in home.values()}
    num_clusters = sum(1 for cluster in clusters if cluster)
    return sorted(merged.values()), num_clusters - len(merged)


@dataclass
class _MentionReading:
    """Hold the mentions of a record while they are read; parameters as for `clusters_of_words`."""

    places: SpanResolver
    findings: RecordFindings
    merge: bool
    shares: bool = False
    """Whether a mention was read twice."""
    found_at: dict[WordSpan, str] = field(default_factory=dict)

    def spans(self, mentions: Sequence[object], cluster: str) -> Iterator[WordSpan]:
        """Yield the good mentions of a cluster; `cluster` is its place in the record."""
        for index, mention in enumerate(mentions):
            place = f"{cluster}[{index}]"
            try:
                span = self.places.span(mention, place)
            except RecordError as error:
                self.findings.problem(error)
                continue
            if span not in self.found_at:
                self.found_at[span] = place
            elif not self._takes_twice(span, place):
                continue
            yield span

    def _takes_twice(self, span: WordSpan, place: str) -> bool:
        """Return whether a mention that was read before counts here too; note it either way."""
        if self.findings.keeps_repeated:
            return True
        first = self.found_at[span]
        twice = f"{place}, {shown(self.places.show(span))}, is the mention that {first}"
        if not self.merge:
            self.findings.problem(RecordError(f"{twice} is; keep one of them"))
            return False
        self.findings.repaired(RecordError(f"{twice} is; their clusters are made one"))
        self.shares = True
        return True
