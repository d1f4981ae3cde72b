"""A document as the coreference model's input: tensors over its word pieces, no span is listed."""

from __future__ import annotations

import logging
from typing import Any, Protocol

import numpy as np
from allennlp.data import Instance
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.document import CorefDocument

logger = logging.getLogger(__name__)


class DocumentIndexer(Protocol):
    """What cuts words into pieces and segments: the token indexer `spanbert` does."""

    def index_document(self, words: Any, sentence_ids: Any) -> Any:
        """The `PieceDocument` of the words."""


def document_to_instance(document: CorefDocument, indexer: DocumentIndexer) -> Instance:
    """
    The instance of one document. P counts word pieces, the special ones of every segment included;
    M counts annotated mentions.

    # Parameters

    document : `CorefDocument`
        The document, in words.
    indexer : `DocumentIndexer`
        The token indexer `spanbert`.

    # Returns

    `Instance`
        `token_ids (P,)`, `segment_ids (P,)`, `word_ids (P,)`, `sentence_ids (P,)`;
        `speaker_ids (P,)`: 0 for special pieces, then from 1 in the order in which the speakers
        first speak; `gold_spans (M, 2)`, first and last piece of each annotated mention in
        document order, and `gold_cluster_ids (M,)`, both left out when the document carries no
        annotation; `metadata`: `{"document": CorefDocument, "pieces": PieceDocument}`.
    """
    pieces = indexer.index_document(document.words, document.sentence_ids)
    fields: dict[str, Field[Any]] = {
        "token_ids": TensorField(pieces.token_ids, padding_value=0),
        "segment_ids": TensorField(pieces.segment_ids, padding_value=-1),
        "word_ids": TensorField(pieces.word_ids, padding_value=-1),
        "sentence_ids": TensorField(pieces.sentence_ids, padding_value=-1),
        "speaker_ids": TensorField(_speaker_ids(document, pieces.word_ids), padding_value=0),
    }
    if document.clusters is not None:
        spans, cluster_ids = _gold(document, pieces.first_pieces, pieces.last_pieces)
        fields["gold_spans"] = TensorField(spans, padding_value=-1)
        fields["gold_cluster_ids"] = TensorField(cluster_ids, padding_value=-1)
    fields["metadata"] = MetadataField({"document": document, "pieces": pieces})
    return Instance(fields)


def _speaker_ids(document: CorefDocument, word_ids: np.ndarray) -> np.ndarray:
    """Numbers of the pieces' speakers; without speakers, one for all."""
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


def _gold(
    document: CorefDocument, first_pieces: np.ndarray, last_pieces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Piece spans of the annotated mentions, and their cluster numbers, in document order. A word
    without pieces (nothing but characters that the vocabulary's cleaning drops) cannot be an end
    of a span: the mention shrinks to the words that have some, and goes when there are none.
    """
    has_pieces = np.flatnonzero(first_pieces >= 0)
    clusters_of: dict[tuple[int, int], int] = {}
    lost = 0
    for number, cluster in enumerate(document.clusters or ()):
        for mention in cluster:
            low = int(np.searchsorted(has_pieces, mention.start, side="left"))
            high = int(np.searchsorted(has_pieces, mention.end, side="right")) - 1
            if low > high:
                lost += 1
                continue
            span = int(first_pieces[has_pieces[low]]), int(last_pieces[has_pieces[high]])
            lost += clusters_of.setdefault(span, number) != number
    if lost:
        logger.warning(
            "%s: %d annotated mentions left out: their words have no word pieces of their own",
            document.doc_key,
            lost,
        )
    spans = sorted(clusters_of)
    # Shape: (num_mentions, 2), (num_mentions,)
    return (
        np.array(spans, dtype=np.int64).reshape(-1, 2),
        np.array([clusters_of[span] for span in spans], dtype=np.int64),
    )
