"""Mentions that the user gives: the model links these, and proposes no others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError, is_list, shown
from spanbert_allen.common.text import SplitText
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import document_from_record
from spanbert_allen.formats.coref.mentions import CharResolver, clusters_of_words

# How the reading of records names a mention that stands alone in its cluster.
_PLACE = re.compile(r"\bclusters\[(\d+)\](?:\[0\])?")


def document_with_mentions(
    record: Mapping[str, Any], *, default_key: str, language: str
) -> CorefDocument:
    """
    Return the document of a record, with each given mention as a cluster of one.

    Where the record gives none, the clusters are `None`.

    # Parameters

    record : `Mapping[str, Any]`
        A record of `spanbert_coref_jsonl`. Its `mentions` are a list of `[start, end]`: with `text`
        in characters, end outside; with `tokens` or `sentences` in words, end inside.
    default_key, language
        As for `document_from_record`.
    """
    fields = {name: value for name, value in record.items() if name != "mentions"}
    mentions = record.get("mentions")
    try:
        return document_from_record(
            fields | {"clusters": _alone(mentions)}, default_key=default_key, language=language
        )
    except DataError as error:
        if mentions is None:
            raise
        raise DataError(_PLACE.sub(r"mentions[\1]", error.problem)) from error


def with_mentions_of_doc(document: CorefDocument, mentions: object) -> CorefDocument:
    """
    Return the document of a spaCy `Doc` with mentions as clusters of one.

    # Parameters

    document : `CorefDocument`
        The document, without clusters.
    mentions : `object`
        spaCy's `Span`s of it, or `(start, end)` in characters, end outside; `None` gives none.
    """
    if is_list(mentions):
        mentions = [
            [item.start_char, item.end_char] if hasattr(item, "start_char") else item
            for item in mentions
        ]
    split = SplitText(list(document.words), list(document.word_chars), list(document.sentence_ids))
    try:
        clusters = clusters_of_words(_alone(mentions), CharResolver(document.text, split))
    except (RecordError, DataError) as error:
        raise DataError(_PLACE.sub(r"mentions[\1]", str(error))) from error
    return replace(document, clusters=clusters)


def _alone(mentions: object) -> list[list[Any]] | None:
    """Return each mention in a list of its own."""
    if mentions is None:
        return None
    if not is_list(mentions):
        raise DataError(f"mentions is {shown(mentions)}; it must be a list of [start, end]")
    return [[mention] for mention in mentions]
