"""Write documents as records of JSON lines; the module `formats.coref.jsonl` describes them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import document_from_record


def coref_record(document: CorefDocument, *, language: str = "en") -> dict[str, Any]:
    """
    Return the record of a document.

    `document_from_record` makes the same document of it, but for the white space of its text where
    our splitting of the text gives other words.

    # Parameters

    document : `CorefDocument`
        The document.
    language : `str`, optional (default = `"en"`)
        That of the text, if it has one of its own.
    """
    if not document.is_text_plain():
        record = _text_record(document)
        if _reads_as(record, document, language):
            return record
    return sentences_record(document)


def sentences_record(document: CorefDocument) -> dict[str, Any]:
    """Return the record of a document as words in sentences, with a speaker for each word."""
    record = _base(document) | {"sentences": document.sentences()}
    if document.speakers is not None:
        record["speakers"] = document.by_sentence(document.speakers)
    if document.clusters is not None:
        record["clusters"] = [[list(mention) for mention in one] for one in document.clusters]
    return record


def _text_record(document: CorefDocument) -> dict[str, Any]:
    record = _base(document) | {"text": document.text}
    chars = document.word_chars
    if document.speakers is not None:
        by_speaker = groupby(range(len(chars)), key=document.speakers.__getitem__)
        turns = [(name, list(words)) for name, words in by_speaker]
        record["speakers"] = [
            [chars[words[0]].start, chars[words[-1]].end, name] for name, words in turns
        ]
    if document.clusters is not None:
        record["clusters"] = [
            [list(document.chars_of(mention)) for mention in one] for one in document.clusters
        ]
    return record


def _base(document: CorefDocument) -> dict[str, Any]:
    genre = {} if document.genre is None else {"genre": document.genre}
    return {"doc_key": document.doc_key} | genre


def _reads_as(record: dict[str, Any], document: CorefDocument, language: str) -> bool:
    try:
        return document_from_record(record, default_key="", language=language) == document
    except DataError:
        return False
