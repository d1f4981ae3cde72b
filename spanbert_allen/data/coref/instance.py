"""Coreference instances: tensors over the word pieces of a document, without any list of spans."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from allennlp.data import Instance
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.spans import PieceSpan
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.formats.coref.document import CorefDocument

logger = logging.getLogger(__name__)


class DocumentIndexer(Protocol):
    """Cuts words into pieces and segments, as the token indexer `spanbert` does."""

    def index_document(self, words: Any, sentence_ids: Any) -> Any:
        """Return the `PieceDocument` of the words."""


def document_to_instance(document: CorefDocument, indexer: DocumentIndexer) -> Instance:
    """
    Return the instance of a document, cut into pieces by the indexer.

    # Parameters

    document : `CorefDocument`
        The document, in words.
    indexer : `DocumentIndexer`
        The token indexer `spanbert`.

    # Returns

    `Instance`
        See `pieces_to_instance`.
    """
    pieces: PieceDocument = indexer.index_document(document.words, document.sentence_ids)
    if document.clusters is None:
        return pieces_to_instance(document, pieces, None)
    cluster_of, lost = pieces.spans_of(document.clusters)
    if lost:
        logger.warning(
            "%s: %d annotated mentions left out: their words have no word pieces of their own",
            document.doc_key,
            lost,
        )
    return pieces_to_instance(document, pieces, cluster_of)


def pieces_to_instance(
    document: CorefDocument, pieces: PieceDocument, cluster_of: Mapping[PieceSpan, int] | None
) -> Instance:
    """
    Return the instance of a document in pieces.

    P is the number of word pieces, with the special ones of every segment; M is the number of
    annotated mentions.

    # Parameters

    document : `CorefDocument`
        The document, in words.
    pieces : `PieceDocument`
        Its pieces.
    cluster_of : `Mapping[PieceSpan, int] | None`
        The cluster of each annotated mention; `None` when the document carries no annotation.

    # Returns

    `Instance`
        `token_ids (P,)`, `segment_ids (P,)`, `word_ids (P,)`, `sentence_ids (P,)`;
        `speaker_ids (P,)`: 0 for special pieces, then from 1 in the order in which the speakers
        first speak; `gold_spans (M, 2)`, first and last piece of each annotated mention in
        document order, and `gold_cluster_ids (M,)`, both empty without annotation, which the
        document tells apart; `metadata`: `{"document": CorefDocument, "pieces": PieceDocument}`.
    """
    fields: dict[str, Field[Any]] = {
        "token_ids": TensorField(pieces.token_ids, padding_value=0),
        "segment_ids": TensorField(pieces.segment_ids, padding_value=-1),
        "word_ids": TensorField(pieces.word_ids, padding_value=-1),
        "sentence_ids": TensorField(pieces.sentence_ids, padding_value=-1),
        "speaker_ids": TensorField(_speaker_ids(document, pieces.word_ids), padding_value=0),
    }
    known = cluster_of or {}
    spans = sorted(known)
    # Shape: (num_mentions, 2)
    gold_spans = np.array(spans, dtype=np.int64).reshape(-1, 2)
    # Shape: (num_mentions,)
    gold_cluster_ids = np.array([known[span] for span in spans], dtype=np.int64)
    # All documents of a batch must have the same fields.
    fields["gold_spans"] = TensorField(gold_spans, padding_value=-1)
    fields["gold_cluster_ids"] = TensorField(gold_cluster_ids, padding_value=-1)
    fields["metadata"] = MetadataField({"document": document, "pieces": pieces})
    return Instance(fields)


def _speaker_ids(document: CorefDocument, word_ids: np.ndarray) -> np.ndarray:
    """Return the number of each piece's speaker; without speakers, one for all."""
    if document.speakers is None:
        # Shape: (num_pieces,)
        return (word_ids >= 0).astype(np.int64)
    numbers: dict[str, int] = {}
    by_word = [numbers.setdefault(name, len(numbers) + 1) for name in document.speakers]
    # The last entry serves the word id -1 of special pieces.
    # Shape: (num_words + 1,)
    table = np.array([*by_word, 0], dtype=np.int64)
    # Shape: (num_pieces,)
    speaker_ids: np.ndarray = table[word_ids]
    return speaker_ids
