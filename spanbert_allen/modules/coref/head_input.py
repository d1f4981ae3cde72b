"""What the head is given of a document."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spanbert_allen.modules.coref.decoder import FEWEST_WORDS, num_words
from spanbert_allen.modules.coref.head import DocumentUnits
from spanbert_allen.modules.coref.losses.document import starts_of_mentions
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.units import DocumentPieces


def head_input(
    units: DocumentPieces,
    vectors: Tensor,
    *,
    words: Sequence[str],
    genre_id: int,
    whole_words: bool,
    wants_singletons: bool,
    is_training: bool,
) -> DocumentUnits:
    """
    Return what the head is given of a document.

    # Parameters

    units : `DocumentPieces`
        Its units, on the CPU.
    vectors : `Tensor`
        Their vectors. Shape: (num_units, dim)
    words : `Sequence[str]`
        The words of the whole document.
    genre_id : `int`
        The genre's row in the table of genres.
    whole_words : `bool`
        Whether spans begin and end where words do.
    wants_singletons : `bool`
        Whether there may be clusters of one mention.
    is_training : `bool`
        Whether the links are for a loss that trains.
    """
    # Shape: (num_units - 1,)
    new_word = units.word_ids[1:] != units.word_ids[:-1]
    # Shape: (1,) or, without units, (0,)
    edge = torch.ones_like(units.word_ids[:1], dtype=torch.bool)
    return DocumentUnits(
        vectors=vectors,
        sentence_ids=units.sentence_ids,
        segment_ids=units.segment_ids,
        speaker_ids=units.speaker_ids,
        may_start=torch.cat([edge, new_word]) if whole_words else None,
        may_end=torch.cat([new_word, edge]) if whole_words else None,
        genre_id=genre_id,
        word_ids=units.word_ids,
        words=words,
        given_spans=None if units.finds_more else _in_order(units.given_spans),
        kept_spans=_in_order(units.given_spans) if units.finds_more else None,
        # A share of so few units may round to no top span at all.
        keeps_all=wants_singletons and num_words(units.word_ids) < FEWEST_WORDS,
        also_start=starts_of_mentions(units) if is_training else None,
        needs_candidates=is_training or units.gold_spans is not None,
    )


def _in_order(spans: Tensor | None) -> SpanCandidates | None:
    """Return spans, of shape (num_spans, 2), in order of (start, end) and each once."""
    if spans is None:
        return None
    spans = spans.unique(dim=0)
    return SpanCandidates(spans[:, 0], spans[:, 1])
