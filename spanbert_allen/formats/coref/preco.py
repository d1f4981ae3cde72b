"""
PreCo's files as documents and back.

A record has `id`, `sentences` (lists of words; `[" "]` between paragraphs, which is a sentence
without words) and `mention_clusters`, mentions being [sentence, first word, the word after the
last]. Singletons are annotated; there are no speakers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.common.record_checks import RecordError, is_list, list_of_words, shown
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import Dropped, with_words
from spanbert_allen.formats.coref.mentions import SentenceResolver, clusters_of_words
from spanbert_allen.formats.coref.records import RecordContext

_BETWEEN_PARAGRAPHS = [" "]


def parse_preco(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """Return the document of a record; raise a `RecordError` for one that is none."""
    given = record.get("sentences")
    if not is_list(given):
        raise RecordError(f"sentences is {shown(given)}; it must be a list of lists of words")
    lists = [list_of_words(words, f"sentences[{index}]") for index, words in enumerate(given)]
    sentences = [[] if words == _BETWEEN_PARAGRAPHS else words for words in lists]
    return CorefDocument.from_sentences(
        context.key(record.get("id"), "id"),
        sentences,
        clusters=clusters_of_words(
            record.get("mention_clusters"),
            SentenceResolver(sentences),
            name="mention_clusters",
            findings=context.findings,
            merge=True,
        ),
    )


def no_blank_sentences(document: CorefDocument, dropped: Dropped) -> CorefDocument:
    """Write `_` for a sentence of one blank, which would be read as the end of a paragraph."""
    blank = [number for number, words in enumerate(document.sentences()) if words == [" "]]
    if not blank:
        return document
    dropped["sentences of one blank, which becomes `_` (words)"] += len(blank)
    return with_words(
        document,
        [
            "_" if sentence in blank else word
            for word, sentence in zip(document.words, document.sentence_ids, strict=True)
        ],
    )


def preco_record(document: CorefDocument) -> dict[str, Any]:
    """Return the record of a document whose mentions are each in one sentence."""
    sentences = document.sentences()
    first_words: dict[int, int] = {}
    for word, sentence in enumerate(document.sentence_ids):
        first_words.setdefault(sentence, word)

    def in_sentence(mention: WordSpan) -> list[int]:
        sentence = document.sentence_ids[mention.start]
        first = first_words[sentence]
        return [sentence, mention.start - first, mention.end - first + 1]

    record: dict[str, Any] = {
        "id": document.doc_key,
        "sentences": [words or _BETWEEN_PARAGRAPHS for words in sentences],
    }
    if document.clusters is not None:
        record["mention_clusters"] = [list(map(in_sentence, one)) for one in document.clusters]
    return record
