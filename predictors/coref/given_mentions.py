"""Mentions and clusters that the user gives: the model links these mentions, and may add others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from allennlp.data import Instance

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError, is_list, is_whole, shown
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.common.text import SplitText
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import document_from_record
from spanbert_allen.formats.coref.mentions import (
    CharResolver,
    SpanResolver,
    WordResolver,
    clusters_of_words,
)
from spanbert_allen.formats.coref.predictions import predicted_text
from spanbert_allen.formats.coref.records import RecordContext

KEYS = ("mentions", "given_clusters")
"""What a record may give of a document's mentions."""

# How the reading of records names a cluster, or its only mention.
_PLACE = re.compile(r"\bclusters\[(\d+)\](\[0\])?")


class GivenMentions(NamedTuple):
    """
    What is given of a document's mentions, which are the clusters of the document.

    clustered : `frozenset[WordSpan] | None`
        The mentions of given clusters; the others stand alone, which says nothing of their
        cluster. `None` where no clusters are given.
    finds_more : `bool`
        Whether the model finds further mentions.
    """

    clustered: frozenset[WordSpan] | None = None
    finds_more: bool = False

    def metadata(self, document: CorefDocument, instance: Instance) -> dict[str, Any]:
        """Return what the model needs to know of them, see `SpanbertCoref.forward`."""
        found = {
            "given_spans": instance["gold_spans"].tensor,
            "finds_more": self.finds_more,
        }
        if self.clustered is None:
            return found
        assert document.clusters is not None
        is_given = np.array([mentions[0] in self.clustered for mentions in document.clusters], bool)
        # Shape: (num_given,)
        cluster_ids = instance["gold_cluster_ids"].tensor
        return found | {"given_cluster_ids": np.where(is_given[cluster_ids], cluster_ids, -1)}


def document_with_mentions(
    record: Mapping[str, Any], *, default_key: str, language: str
) -> tuple[CorefDocument, GivenMentions | None]:
    """
    Return the document of a record, whose clusters are the given ones, and what is given.

    Where the record gives none, the clusters are `None`. A mention that is in no given cluster is a
    cluster of one.

    # Parameters

    record : `Mapping[str, Any]`
        A record of `spanbert_coref_jsonl`. Its `mentions` are a list of `[start, end]`: with `text`
        in characters, end outside; with `tokens` or `sentences` in words, end inside. Its
        `given_clusters` are a list of lists of these. A result with `sentences`, which gives
        neither, keeps its text and its words.
    default_key, language
        As for `document_from_record`.
    """
    fields = {name: value for name, value in record.items() if name not in KEYS}
    given = _Given(*(record.get(key) for key in KEYS))
    if given.clusters() is None:
        context = RecordContext(default_key=default_key, language=language)
        try:
            document = predicted_text(fields, context)
        except RecordError as error:
            raise DataError(str(error)) from error
        if document is not None:
            return document, None
    try:
        document = document_from_record(
            fields | {"clusters": given.clusters()}, default_key=default_key, language=language
        )
    except DataError as error:
        if given.clusters() is None:
            raise
        raise DataError(given.renamed(error.problem)) from error
    in_characters = record.get("text") is not None
    return document, given.summary(
        _characters(document) if in_characters else WordResolver(document.words)
    )


def with_mentions_of_doc(
    document: CorefDocument, mentions: object, given_clusters: object = None
) -> tuple[CorefDocument, GivenMentions | None]:
    """
    Return the document of a spaCy `Doc` with the given clusters, and what is given.

    # Parameters

    document : `CorefDocument`
        The document, without clusters.
    mentions : `object`
        spaCy's `Span`s of it, or `(start, end)` in characters, end outside; `None` gives none.
    given_clusters : `object`, optional (default = `None`)
        Lists of these.
    """
    if is_list(given_clusters):
        given_clusters = [_in_characters(mentions) for mentions in given_clusters]
    given = _Given(_in_characters(mentions), given_clusters)
    places = _characters(document)
    try:
        clusters = clusters_of_words(given.clusters(), places)
    except (RecordError, DataError) as error:
        raise DataError(given.renamed(str(error))) from error
    return replace(document, clusters=clusters), given.summary(places)


class _Given:
    """The two keys of a record, read as one list of clusters."""

    def __init__(self, mentions: Any, clusters: Any) -> None:
        if mentions is not None and not is_list(mentions):
            raise DataError(f"mentions is {shown(mentions)}; it must be a list of [start, end]")
        if clusters is not None and not is_list(clusters):
            raise DataError(
                f"given_clusters is {shown(clusters)}; it must be a list of lists of [start, end]"
            )
        self._mentions: Sequence[Any] | None = mentions
        self._clusters: Sequence[Any] | None = clusters
        lists = [mentions for mentions in clusters or () if is_list(mentions)]
        clustered = {_key(mention) for mentions in lists for mention in mentions} - {None}
        # The mentions in no cluster: those in one may be named a second time.
        self._alone = [i for i, m in enumerate(mentions or ()) if _key(m) not in clustered]

    def clusters(self) -> list[Any] | None:
        """Return the given clusters, and then each further mention as a cluster of one."""
        if self._mentions is None and self._clusters is None:
            return None
        mentions = self._mentions or ()
        return [*(self._clusters or ()), *([mentions[index]] for index in self._alone)]

    def renamed(self, problem: str) -> str:
        """Return what is wrong with one of the clusters in terms of the record's own keys."""

        def of_record(found: re.Match[str]) -> str:
            number, of_mention = int(found[1]), found[2] or ""
            num_clusters = len(self._clusters or ())
            if number < num_clusters:
                return f"given_clusters[{number}]{of_mention}"
            return f"mentions[{self._alone[number - num_clusters]}]"

        return _PLACE.sub(of_record, problem)

    def summary(self, places: SpanResolver) -> GivenMentions | None:
        """Return what is given, once its clusters have been read without a mistake."""
        if self._clusters is None:
            return None if self._mentions is None else GivenMentions()
        found = clusters_of_words(self._clusters, places) or ()
        clustered = frozenset(mention for mentions in found for mention in mentions)
        return GivenMentions(clustered, finds_more=self._mentions is None)


def _key(mention: Any) -> tuple[int, ...] | None:
    """Return the numbers of a mention, or `None` for what is none."""
    return tuple(mention) if is_list(mention) and all(map(is_whole, mention)) else None


def _characters(document: CorefDocument) -> CharResolver:
    split = SplitText(list(document.words), list(document.word_chars), list(document.sentence_ids))
    return CharResolver(document.text, split)


def _in_characters(mentions: object) -> object:
    """Return mentions with each of spaCy's `Span`s as `[start, end]`."""
    if not is_list(mentions):
        return mentions
    return [
        [item.start_char, item.end_char] if hasattr(item, "start_char") else item
        for item in mentions
    ]
