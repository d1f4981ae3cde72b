"""Read a spaCy `Doc` as a document: its own tokens, and its own sentences if it has some."""

from __future__ import annotations

from typing import Any

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.common.text import sentence_ids_of_words
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.speakers import NO_SPEAKER

SPEAKER = "speaker"
"""The extension of tokens that says who speaks."""
GENRE = "genre"
"""The extension of documents that says what genre they are of."""


def is_doc(value: object) -> bool:
    """Return whether the value is a spaCy `Doc`; spaCy need not be installed."""
    return any(
        base.__module__ == "spacy.tokens.doc" and base.__name__ == "Doc"
        for base in type(value).__mro__
    )


def document_of_doc(doc: Any, *, doc_key: str = "document") -> CorefDocument:
    """
    Return the document; word i is token i, also where a token is nothing but white space.

    # Parameters

    doc : `spacy.tokens.Doc`
        The document. Speakers are its tokens' `token._.speaker`, the genre its `doc._.genre`, where
        these extensions are set. Without sentences of its own it gets them by rule.
    doc_key : `str`, optional (default = `"document"`)
        The document's name.
    """
    words = [token.text for token in doc]
    return CorefDocument(
        doc_key=doc_key,
        words=words,
        sentence_ids=_sentence_ids(doc, words),
        text=doc.text,
        word_chars=[CharSpan(token.idx, token.idx + len(token)) for token in doc],
        speakers=_speakers(doc),
        genre=doc._.get(GENRE) if doc.has_extension(GENRE) else None,
    )


def _sentence_ids(doc: Any, words: list[str]) -> list[int]:
    if not doc.has_annotation("SENT_START"):
        return sentence_ids_of_words(words, language=doc.lang_ or "xx")
    sentence_ids = []
    sentence = -1
    for token in doc:
        sentence += token.i == 0 or bool(token.is_sent_start)
        sentence_ids.append(sentence)
    return sentence_ids


def _speakers(doc: Any) -> list[str] | None:
    if not len(doc) or not doc[0].has_extension(SPEAKER):
        return None
    speakers = [token._.get(SPEAKER) for token in doc]
    if not any(speakers):
        return None
    return [NO_SPEAKER if speaker is None else str(speaker) for speaker in speakers]
