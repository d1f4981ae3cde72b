"""Read what the predictor `spanbert_coref` writes as documents, to convert or score them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from spanbert_allen.common.record_checks import RecordError, is_list, list_of_words, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.common.text import cut_words, split_text
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.mentions import (
    CharResolver,
    WordResolver,
    clusters_of_words,
    mention_edges,
)
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.speakers import speakers_of_sentences

RESULT = "spanbert_allen.coref/"
"""How the `schema` of a result begins."""


def is_prediction(record: Mapping[str, Any]) -> bool:
    """Return whether this is a result of the predictor, or its record of an error."""
    return str(record.get("schema", "")).startswith(RESULT) or "error" in record


def parse_prediction(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """
    Return the document of a result, with the predicted clusters.

    A result with `sentences` gives the words
    that were predicted on. Otherwise the text is split again, and cut where mentions begin and end:
    words may be others then, the characters are the same. Raises `RecordError` for a record of an
    error, or of something else.
    """
    if "error" in record:
        raise RecordError(f"this document was not predicted: {shown(record['error'], 200)}")
    if not isinstance(record.get("text"), str) or not is_list(record.get("clusters")):
        raise RecordError("no result of the predictor: it needs `text` and `clusters`")
    return (_from_text if record.get("sentences") is None else _from_words)(record, context)


def predicted_text(record: Mapping[str, Any], context: RecordContext) -> CorefDocument | None:
    """
    Return the document that a result is of, in the words that were predicted on.

    `None` for a record that is no result with `sentences`: it is read as any other. Raises
    `RecordError` for a result that does not hold together.
    """
    has_words = all(record.get(name) is not None for name in ("text", "sentences"))
    if not has_words or not is_prediction(record):
        return None
    return replace(parse_prediction({**record, "clusters": []}, context), clusters=None)


def _from_text(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    text = record["text"]
    spans = _mentions(record["clusters"], lambda one: [one.get("start"), one.get("end")])
    split = cut_words(text, split_text(text, language=context.language), mention_edges(spans, text))
    return CorefDocument(
        doc_key=context.key(record.get("doc_key")),
        words=split.words,
        sentence_ids=split.sentence_ids,
        text=text,
        word_chars=split.word_chars,
        clusters=clusters_of_words(spans, CharResolver(text, split), findings=context.findings),
    )


def _from_words(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    if not is_list(record["sentences"]):
        raise RecordError(f"sentences is {shown(record['sentences'])}; it must be a list of lists")
    sentences = [
        list_of_words(words, f"sentences[{index}]")
        for index, words in enumerate(record["sentences"])
    ]
    words = list(chain.from_iterable(sentences))
    spans = _mentions(record["clusters"], lambda one: one.get("words"))
    return CorefDocument(
        doc_key=context.key(record.get("doc_key")),
        words=words,
        sentence_ids=[index for index, one in enumerate(sentences) for _ in one],
        text=record["text"],
        word_chars=_located(words, record["text"]),
        speakers=speakers_of_sentences(record.get("speakers"), sentences),
        clusters=clusters_of_words(spans, WordResolver(words), findings=context.findings),
    )


def _mentions(clusters: Sequence[Any], span: Any) -> list[list[Any]]:
    for number, cluster in enumerate(clusters):
        if not is_list(cluster) or not all(isinstance(mention, Mapping) for mention in cluster):
            raise RecordError(f"clusters[{number}] is {shown(cluster)}; it must list mentions")
    return [[span(mention) for mention in cluster] for cluster in clusters]


def _located(words: Sequence[str], text: str) -> list[CharSpan]:
    """Return where the words, which follow each other in the text, stand in it."""
    places = []
    position = 0
    for word in words:
        start = text.find(word, position)
        if start < 0:
            raise RecordError(
                f"the word {shown(word)} of sentences is not where it should be in text"
            )
        position = start + len(word)
        places.append(CharSpan(start, position))
    return places
