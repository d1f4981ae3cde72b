"""
Minimised JSON lines, as the programs of Joshi et al. (2019) and of Xu and Choi (2020) train on.

They are documents in word pieces, cut into segments that begin with [CLS] and end with [SEP].
Positions count all pieces of all segments. `sentence_map` and `subtoken_map` give the sentence and
the word of each piece; [CLS] and [SEP] have the word before them. Xu and Choi's files have
`tokens`, words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Literal

from spanbert_allen.common.record_checks import RecordError, is_list, list_of_words, pair, shown
from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.formats.coref.conll.brackets import NO_LABEL
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import genre_in
from spanbert_allen.formats.coref.mentions import (
    clusters_of_words,
    merge_clusters_sharing_mentions,
)
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.speakers import NO_SPEAKER

CLS, SEP = "[CLS]", "[SEP]"
NO_ONE = "[SPL]"
"""The speaker of [CLS] and [SEP]."""
Repeated = Literal["merge", "first", "keep"]
"""What becomes of mentions that several clusters have."""
# Words without pieces are rare, but a number may be any: what a file claims is bounded by what it
# holds, since a document has all the words up to its last.
_WORDS_A_PIECE = 10
_MAX_SENTENCE = 10**9


@dataclass(frozen=True, kw_only=True)
class MinimisedDocument:
    """
    Hold a document of such a file; P counts all pieces.

    # Parameters

    doc_key : `str`
        Its name; the first two letters are the genre.
    segments : `Sequence[Sequence[str]]`
        The pieces.
    sentence_map : `Sequence[int]`
        The sentence of each piece; never less than the one before. A [SEP] after the end of a
        sentence, the [CLS] after it and the next sentence share a number. Length: P
    subtoken_map : `Sequence[int]`
        The word of each piece; never less than the one before. Length: P
    speakers : `Sequence[str]`
        The speaker of each piece. Length: P
    clusters : `Sequence[Sequence[PieceSpan]]`, optional (default = `None`)
        `None` for a document without annotation.
    tokens : `Sequence[str]`, optional (default = `None`)
        The words, where the file has them.
    """

    doc_key: str
    segments: Sequence[Sequence[str]]
    sentence_map: Sequence[int]
    subtoken_map: Sequence[int]
    speakers: Sequence[str]
    clusters: Sequence[Sequence[PieceSpan]] | None = None
    tokens: Sequence[str] | None = None

    @property
    def is_special(self) -> list[bool]:
        """Return which pieces are a segment's first or last; as long as there are pieces."""
        return [
            place in (0, len(segment) - 1)
            for segment in self.segments
            for place in range(len(segment))
        ]

    def to_document(self, *, repeated: Repeated = "merge") -> CorefDocument:
        """
        Return the document in words.

        Without `tokens` a word is its pieces put together, as they are: lower case, or [UNK], if
        the pieces are.

        # Parameters

        repeated : `"merge" | "first" | "keep"`, optional (default = `"merge"`)
            What becomes of clusters that share a mention when it is told in words: they are merged;
            the first keeps it, as the official scorer reads predictions; or all keep it.
        """
        words, firsts = self._words()
        sentences: dict[int, list[str]] = {}
        number = next((self.sentence_map[first] for first in firsts if first >= 0), 0)
        for word, first in zip(words, firsts, strict=True):
            number = self.sentence_map[first] if first >= 0 else number
            sentences.setdefault(number, []).append(word)
        speakers = [self.speakers[first] if first >= 0 else NO_SPEAKER for first in firsts]
        return CorefDocument.from_sentences(
            self.doc_key,
            list(sentences.values()),
            speakers=None if NO_LABEL.issuperset(speakers) else speakers,
            genre=genre_in(self.doc_key),
            clusters=None if self.clusters is None else self._clusters_of_words(repeated),
        )

    def to_record(self) -> dict[str, Any]:
        """Return the record, of the keys that the original program writes, and `tokens`."""
        lengths = list(map(len, self.segments))
        ends = [sum(lengths[: number + 1]) for number in range(len(lengths))]
        record: dict[str, Any] = {
            "doc_key": self.doc_key,
            "sentences": [list(segment) for segment in self.segments],
            "speakers": [
                list(self.speakers[end - length : end])
                for end, length in zip(ends, lengths, strict=True)
            ],
            "constituents": [],
            "ner": [],
            "clusters": [[list(span) for span in cluster] for cluster in self.clusters or ()],
            "sentence_map": list(self.sentence_map),
            "subtoken_map": list(self.subtoken_map),
            "pronouns": [],
        }
        return record if self.tokens is None else record | {"tokens": list(self.tokens)}

    def _words(self) -> tuple[list[str], list[int]]:
        """Return the words, and the place of each one's first piece; -1 for a word without."""
        pieces = list(chain.from_iterable(self.segments))
        texts: dict[int, str] = {}
        firsts: dict[int, int] = {}
        for place, special in enumerate(self.is_special):
            if not special:
                word = self.subtoken_map[place]
                firsts.setdefault(word, place)
                piece = pieces[place] if word not in texts else pieces[place].removeprefix("##")
                texts[word] = texts.get(word, "") + piece
        words = self.tokens
        if words is None:
            words = [texts.get(word) or "_" for word in range(max(texts, default=-1) + 1)]
        return list(words), [firsts.get(word, -1) for word in range(len(words))]

    def _clusters_of_words(self, repeated: Repeated) -> list[tuple[WordSpan, ...]]:
        """Return the clusters in words: spans of pieces of the same words are one mention."""
        in_words = [
            [WordSpan(self.subtoken_map[start], self.subtoken_map[end]) for start, end in cluster]
            for cluster in self.clusters or ()
        ]
        if repeated == "keep":
            return [tuple(dict.fromkeys(cluster)) for cluster in in_words]
        if repeated == "merge":
            return merge_clusters_sharing_mentions(in_words)[0]
        seen: set[WordSpan] = set()
        kept = []
        for cluster in in_words:
            own = set(cluster) - seen
            seen |= own
            kept.append(tuple(sorted(own)))
        return sorted(cluster for cluster in kept if cluster)


def parse_minimised(
    record: Mapping[str, Any], context: RecordContext, *, clusters: str = "clusters"
) -> MinimisedDocument:
    """
    Return the document of a record.

    # Parameters

    record : `Mapping[str, Any]`
        The JSON object.
    context : `RecordContext`
        What it does not say.
    clusters : `str`, optional (default = `"clusters"`)
        The key of the clusters; `predicted_clusters` in what the original program predicts, whose
        mentions may begin or end with [CLS] or [SEP].

    Raises a `RecordError` for a record that is none.
    """
    segments = _segments(record.get("sentences"))
    num_pieces = sum(map(len, segments))
    tokens = record.get("tokens")
    document = MinimisedDocument(
        doc_key=context.key(record.get("doc_key")),
        segments=segments,
        sentence_map=_map(record.get("sentence_map"), "sentence_map", num_pieces, _MAX_SENTENCE),
        subtoken_map=_map(
            record.get("subtoken_map"), "subtoken_map", num_pieces, _WORDS_A_PIECE * num_pieces
        ),
        speakers=_speakers(record.get("speakers"), segments),
        tokens=None if tokens is None else list_of_words(tokens, "tokens"),
    )
    last_word = max(document.subtoken_map, default=-1)
    if document.tokens is not None and last_word >= len(document.tokens):
        raise RecordError(
            f"subtoken_map goes up to word {last_word}, but there are {len(document.tokens)} tokens"
        )
    found = clusters_of_words(
        record.get(clusters),
        _PieceResolver(document, is_special_allowed=clusters != "clusters"),
        name=clusters,
        findings=context.findings,
        merge=True,
    )
    if found is None:
        return document
    spans = [[PieceSpan(*span) for span in cluster] for cluster in found]
    return replace(document, clusters=spans)


class _PieceResolver:
    """Mentions given in pieces, both ends inside: handed on as they are, in the type of words'."""

    def __init__(self, document: MinimisedDocument, *, is_special_allowed: bool):
        self._pieces = list(chain.from_iterable(document.segments))
        self._is_refused = [not is_special_allowed and one for one in document.is_special]

    def span(self, mention: object, place: str) -> WordSpan:
        start, end = pair(mention, place)
        if not 0 <= start <= end < len(self._pieces):
            raise RecordError(
                f"{place} is pieces {start} to {end}, but the document has {len(self._pieces)} "
                "pieces, numbered from 0, all segments together; give [first, last], both inside"
            )
        if self._is_refused[start] or self._is_refused[end]:
            raise RecordError(
                f"{place}, pieces {start} to {end}, begins or ends with {CLS} or {SEP}, which are "
                "part of no mention"
            )
        return WordSpan(start, end)

    def show(self, span: WordSpan) -> str:
        return " ".join(self._pieces[span.start : span.end + 1])


def _segments(value: object) -> list[list[str]]:
    if not is_list(value):
        raise RecordError(f"sentences is {shown(value)}; it must be a list of segments of pieces")
    segments = [list_of_words(one, f"sentences[{index}]") for index, one in enumerate(value)]
    for index, segment in enumerate(segments):
        if len(segment) < 3 or (segment[0], segment[-1]) != (CLS, SEP):
            raise RecordError(
                f"sentences[{index}] is {shown(segment)}; a segment is {CLS}, word pieces, {SEP}"
            )
    return segments


def _map(value: object, name: str, num_pieces: int, limit: int) -> list[int]:
    if not is_list(value) or any(type(number) is not int for number in value):
        raise RecordError(f"{name} is {shown(value)}; it must be a list with a number a piece")
    if len(value) != num_pieces:
        raise RecordError(f"{name} has {len(value)} entries for {num_pieces} pieces")
    for index, number in enumerate(value):
        if number < (value[index - 1] if index else 0):
            raise RecordError(
                f"{name}[{index}] is {shown(number)}, which is less than the one before"
            )
        if number > limit:
            raise RecordError(
                f"{name}[{index}] is {shown(number)}; in a document of {num_pieces} pieces it must "
                f"be at most {limit}"
            )
    return list(value)


def _speakers(value: object, segments: Sequence[Sequence[str]]) -> list[str]:
    if value is None:
        return [NO_SPEAKER] * sum(map(len, segments))
    if not is_list(value) or len(value) != len(segments):
        raise RecordError(f"speakers is {shown(value)}; it must have a list for each segment")
    speakers = []
    for index, (given, segment) in enumerate(zip(value, segments, strict=True)):
        names = list_of_words(given, f"speakers[{index}]")
        if len(names) != len(segment):
            raise RecordError(
                f"speakers[{index}] has {len(names)} names for {len(segment)} pieces of a segment"
            )
        speakers += names
    return speakers
