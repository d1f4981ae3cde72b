"""
Files of fastcoref as documents and back.

A record for training has one of `text`, `tokens` and
`sentences`, as this project's own JSON lines have, but names of speakers and mentions are looser:
`speakers` may be nested whatever the words are nested in, and mentions of a `text` need not begin
and end where words do. What its `predict` writes has `clusters_strings`; there `text` may be a list
of words, and all spans have their end outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from spanbert_allen.common.record_checks import is_list, list_of_words
from spanbert_allen.common.text import cut_words, sentence_ids_of_words, split_text
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.mentions import (
    CharResolver,
    WordResolver,
    clusters_of_words,
    mention_edges,
)
from spanbert_allen.formats.coref.records import RecordContext


def parse_fastcoref(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """Return the document of a record; raise a `RecordError` for one that is none."""
    if is_list(record.get("text")):
        return _predicted_words(record, context)
    if not isinstance(record.get("text"), str) or record.get("tokens") or record.get("sentences"):
        return parse_coref_record(_with_words(record), context)
    text = record["text"]
    split = split_text(text, language=context.language)
    split = cut_words(text, split, mention_edges(record.get("clusters"), text))
    return CorefDocument(
        doc_key=context.key(record.get("doc_key")),
        words=split.words,
        sentence_ids=split.sentence_ids,
        text=text,
        word_chars=split.word_chars,
        clusters=clusters_of_words(
            record.get("clusters"), CharResolver(text, split), findings=context.findings, merge=True
        ),
    )


def _with_words(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """With words alone, as fastcoref reads them: the text beside is passed over, and so is ""."""
    record = {**record, "text": None, "genre": None}
    if record.get("tokens") is not None:
        record["sentences"] = None
        speakers = record.get("speakers")
        if is_list(speakers) and speakers and all(map(is_list, speakers)):
            record["speakers"] = list(chain.from_iterable(speakers))
    if record.get("speakers") == []:  # what it takes for none
        record["speakers"] = None
    return record


def _predicted_words(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    words = list_of_words(record["text"], "text")
    places = WordResolver(words, end_inside=False)
    clusters = clusters_of_words(
        record.get("clusters"), places, findings=context.findings, merge=True
    )
    ids = sentence_ids_of_words(words, language=context.language)
    sentences: list[list[str]] = [[] for _ in range(ids[-1] + 1 if ids else 0)]
    for word, sentence in zip(words, ids, strict=True):
        sentences[sentence].append(word)
    return CorefDocument.from_sentences(
        context.key(record.get("doc_key")), sentences, clusters=clusters
    )
