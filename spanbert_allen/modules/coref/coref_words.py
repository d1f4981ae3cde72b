"""From the pieces of a document to its words as the units of coreference."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spanbert_allen.modules.coref.units import DocumentPieces
from spanbert_allen.modules.encoder.word_pooling import mean_of_pieces


def word_units(
    document: DocumentPieces, vectors: Tensor, sentence_ids: Sequence[int], *, is_whole: bool
) -> tuple[DocumentPieces, Tensor]:
    """
    The words of a document as units, and their vectors: the mean of their pieces'.

    # Parameters

    document : `DocumentPieces`
        Word pieces.
    vectors : `Tensor`
        Theirs. Shape: (num_pieces, dim)
    sentence_ids : `Sequence[int]`
        The sentence of each of the document's words, which may be more than have pieces here.
    is_whole : `bool`
        Whether these are all pieces. Then all words are units, those without pieces with a vector
        of zeros; else those from the first that has a piece here to the last.

    # Returns

    `tuple[DocumentPieces, Tensor]`
        The token id of a word is that of its first piece, as are its segment and its speaker. A
        mention that ends inside of a word has all of it. Shape of the vectors: (num_words, dim)
    """
    # Shape: (num_plain_pieces,)
    of_words = document.word_ids >= 0
    words = document.word_ids[of_words]
    first, stop = (0, len(sentence_ids)) if is_whole else _reach(words)
    num_words = stop - first
    # Shape: (num_words,)
    word_ids = torch.arange(first, stop, device=words.device)
    is_first = torch.ones_like(words, dtype=torch.bool)
    is_first[1:] = words[1:] != words[:-1]

    def of_first_piece(column: Tensor) -> Tensor:
        """Shapes: (num_pieces,) to (num_words,), 0 without pieces."""
        return column.new_zeros(num_words).index_copy(
            0, words[is_first] - first, column[of_words][is_first]
        )

    units = DocumentPieces(
        token_ids=of_first_piece(document.token_ids),
        # A word without pieces is in the segment of the one before.
        segment_ids=of_first_piece(document.segment_ids).cummax(0).values,
        word_ids=word_ids,
        sentence_ids=torch.tensor(
            sentence_ids[first:stop], dtype=torch.long, device=word_ids.device
        ),
        speaker_ids=of_first_piece(document.speaker_ids),
        gold_spans=None
        if document.gold_spans is None
        else document.word_ids[document.gold_spans] - first,
        gold_cluster_ids=document.gold_cluster_ids,
    )
    # Shape: (num_plain_pieces,), (num_words, dim)
    places = words - first
    pooled = mean_of_pieces(vectors[of_words][None], places[None], word_ids[None])[0]
    return units, pooled


def _reach(words: Tensor) -> tuple[int, int]:
    """The first of some words, never falling, and the one after the last."""
    return (int(words[0]), int(words[-1]) + 1) if len(words) else (0, 0)
