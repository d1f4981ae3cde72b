"""
Reduce documents to what a format of coreference files can hold, before they are written.

Each reduction takes one thing off a document and counts it, so that a file reads back as what was
written, and nothing is lost in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from spanbert_allen.common.spans import Cluster, WordSpan
from spanbert_allen.formats.coref.conll.brackets import NO_LABEL
from spanbert_allen.formats.coref.conll.reader import GENRES, NORMALISED
from spanbert_allen.formats.coref.document import CorefDocument

_IN_NO_FIELD = re.compile("[\\s\ud800-\udfff]")  # white space; surrogates without a partner

Dropped = Counter[str]
"""What was lost in writing, and how often."""

Reduction = Callable[[CorefDocument, Dropped], CorefDocument | None]
"""What takes one thing off a document, and counts it; `None` leaves the document out."""


def without_speakers(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Take the speakers off."""
    if document.speakers is not None:
        dropped["speakers (documents)"] += 1
    return replace(document, speakers=None)


def without_unnamed_speakers(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Take speakers off where nobody has a name: `-` for all words is the same as none."""
    if document.speakers is not None and NO_LABEL.issuperset(document.speakers):
        return replace(document, speakers=None)
    return document


def without_columns(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Take off what a CoNLL file says beside words, speakers and clusters."""
    if document.columns is not None and document.columns.tell_something():
        dropped["tags, parses and other columns (documents)"] += 1
    return replace(document, columns=None)


def without_genre(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Take the genre off."""
    if document.genre is not None:
        dropped["genres (documents)"] += 1
    return replace(document, genre=None)


def genre_of_key(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Replace the genre by the one that the document's name begins with."""
    genre = genre_in(document.doc_key)
    if document.genre not in (None, genre):
        dropped["genres that are not how the name begins (documents)"] += 1
    return replace(document, genre=genre)


def genre_in(doc_key: str) -> str | None:
    """Return OntoNotes' genre in the name of a document, if there is one."""
    return doc_key[:2] if doc_key[:2] in GENRES else None


def annotated(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Make a document that is not annotated one in which nothing corefers."""
    if document.clusters is None:
        dropped["no annotation, which becomes no clusters (documents)"] += 1
        return replace(document, clusters=[])
    return document


def plain_text(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Replace the text by the words, joined by a space each."""
    if document.is_text_plain():
        return document
    dropped["white space of the text (documents)"] += 1
    return with_words(document, document.words)


def no_empty_sentences(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Renumber the sentences, without gaps."""
    numbers = {old: new for new, old in enumerate(dict.fromkeys(document.sentence_ids))}
    if len(numbers) != document.num_sentences:
        dropped["empty sentences"] += document.num_sentences - len(numbers)
    return replace(document, sentence_ids=[numbers[old] for old in document.sentence_ids])


def one_field_words(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Write `_` for white space in words, speakers and the name, and for empty ones."""
    words = [one_field(word) for word in document.words]
    changed = sum(old != new for old, new in zip(document.words, words, strict=True))
    if changed:
        dropped["white space or nothing in words, which becomes `_` (words)"] += changed
        document = with_words(document, words)
    speakers = document.speakers and [one_field(name) for name in document.speakers]
    key = one_field(document.doc_key)
    if key != document.doc_key or speakers != document.speakers:
        dropped["white space or nothing in names, which becomes `_` (documents)"] += 1
    if key.startswith("#") and document.columns is None:
        dropped["`#` at the beginning of names, which is left out (documents)"] += 1
        key = key.lstrip("#") or "_"
    return replace(document, doc_key=key, speakers=speakers)


class NamesApart:
    """
    Keep documents of one file apart whose names become one in its format: `a b` and `a_b`.

    The first of them has the name, and a number is put behind it for the others. Documents that
    have the same name in the first place still do.
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def apart(self, name: str, doc_key: str) -> str:
        """Return the name of a document, made of the one that the format can hold and its own."""
        kept, number = name, 1
        while self._keys.setdefault(kept, doc_key) != doc_key:
            number += 1
            kept = f"{name}-{number}"
        return kept


def one_field(text: str) -> str:
    """Return the text as one field of a row."""
    return _IN_NO_FIELD.sub("_", text) or "_"


def is_encodable(text: str) -> bool:
    """Return whether UTF-8 can hold the text: it has no surrogate without a partner."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def no_escaped_marks(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Write `.` and `?` for `/.` and `/?`, which OntoNotes' readers make of them."""
    words = [NORMALISED.get(word, word) for word in document.words]
    if words == list(document.words):
        return document
    dropped["`/.` and `/?`, which become `.` and `?` (documents)"] += 1
    return with_words(document, words)


def no_crossing_in_a_cluster(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Keep, of two mentions of one cluster that cross, the one that begins first."""
    kept = [_without_crossing(cluster) for cluster in document.clusters or ()]
    return _with_mentions(
        document, kept, dropped, "mentions that cross another of their cluster (mentions)"
    )


def mentions_in_sentences(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Drop mentions that go over the end of a sentence."""
    ids = document.sentence_ids
    kept = [
        tuple(mention for mention in cluster if ids[mention.start] == ids[mention.end])
        for cluster in document.clusters or ()
    ]
    return _with_mentions(document, kept, dropped, "mentions over the end of a sentence (mentions)")


def _without_crossing(cluster: Cluster) -> Cluster:
    kept: list[WordSpan] = []
    for mention in sorted(cluster, key=lambda one: (one.start, -one.end)):
        if not any(one.start < mention.start <= one.end < mention.end for one in kept):
            kept.append(mention)
    return tuple(sorted(kept))


def _with_mentions(
    document: CorefDocument, clusters: list[Cluster], dropped: Dropped, what: str
) -> CorefDocument:
    lost = sum(map(len, document.clusters or ())) - sum(map(len, clusters))
    if not lost:
        return document
    dropped[what] += lost
    return replace(document, clusters=sorted(cluster for cluster in clusters if cluster))


def with_words(document: CorefDocument, words: Sequence[str]) -> CorefDocument:
    """Return the document with other words in place of its own."""
    plain = CorefDocument.from_sentences("", [words])
    return replace(document, words=plain.words, text=plain.text, word_chars=plain.word_chars)
