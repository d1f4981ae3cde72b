"""
The units of one document, without padding.

They are its word pieces, with or without [CLS] and [SEP], or its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.encoder.word_pooling import mean_of_pieces
from spanbert_allen.modules.layers.transfers import select_rows, to_cpu, to_device


class DocumentPieces(NamedTuple):
    """
    The units of one document, without padding.

    They are its word pieces, with or without [CLS] and [SEP], or its words.

    token_ids, segment_ids, word_ids, sentence_ids, speaker_ids : `Tensor`
        Special pieces have the word id -1. Shape: (num_units,)
    gold_spans : `Tensor | None`
        The first and last unit of each annotated mention; `None` without annotation. Shape:
        (num_mentions, 2)
    gold_cluster_ids : `Tensor | None`
        The number of its cluster, from 0. Shape: (num_mentions,)
    given_spans : `Tensor | None`
        The first and last unit of each mention that is given; `None` without any.
        Shape: (num_given, 2)
    given_cluster_ids : `Tensor | None`
        The number of the given cluster that each is in, -1 for none; `None` without given
        clusters. Shape: (num_given,)
    finds_more : `bool`
        Whether the model finds mentions beside given ones.
    """

    token_ids: Tensor
    segment_ids: Tensor
    word_ids: Tensor
    sentence_ids: Tensor
    speaker_ids: Tensor
    gold_spans: Tensor | None = None
    gold_cluster_ids: Tensor | None = None
    given_spans: Tensor | None = None
    given_cluster_ids: Tensor | None = None
    finds_more: bool = False

    def with_given(self, entry: Mapping[str, Any]) -> DocumentPieces:
        """
        Return the document with the mentions that its metadata give.

        It has no annotation if the `document` of the metadata has none.

        # Parameters

        entry : `Mapping[str, Any]`
            Has `document`, a `CorefDocument`. May have `given_spans`, `given_cluster_ids` and
            `finds_more`, as the fields, in arrays of any kind.
        """
        document = self
        if entry["document"].clusters is None:
            document = self._replace(gold_spans=None, gold_cluster_ids=None)
        spans, cluster_ids = entry.get("given_spans"), entry.get("given_cluster_ids")
        if spans is None:
            return document
        if cluster_ids is not None:
            cluster_ids = torch.as_tensor(cluster_ids).cpu()
        return document._replace(
            given_spans=torch.as_tensor(spans).cpu().view(-1, 2),
            given_cluster_ids=cluster_ids,
            finds_more=bool(entry.get("finds_more")),
        )

    def select(self, chosen: Tensor) -> DocumentPieces:
        """
        Return the document with some of its units.

        A mention goes where its first or last unit does.

        # Parameters

        chosen : `Tensor`
            Whether a unit stays. Shape: (num_units,), boolean
        """
        units = {name: getattr(self, name)[chosen] for name in self._fields[:5]}
        # Shape: (num_units,)
        new_positions = chosen.long().cumsum(0) - 1
        spans: dict[str, Tensor] = {}
        if self.gold_spans is not None and self.gold_cluster_ids is not None:
            # Shape: (num_mentions,)
            stays = chosen[self.gold_spans].all(dim=1)
            spans["gold_spans"] = new_positions[self.gold_spans[stays]]
            spans["gold_cluster_ids"] = self.gold_cluster_ids[stays]
        if self.given_spans is not None:
            # Shape: (num_given,)
            stays = chosen[self.given_spans].all(dim=1)
            spans["given_spans"] = new_positions[self.given_spans[stays]]
            if self.given_cluster_ids is not None:
                spans["given_cluster_ids"] = self.given_cluster_ids[stays]
        return DocumentPieces(**units, **spans, finds_more=self.finds_more)

    def given_clusters(self) -> dict[tuple[int, int], int] | None:
        """Return the given cluster of each given span, -1 for none; `None` without clusters."""
        if self.given_spans is None or self.given_cluster_ids is None:
            return None
        mentions = zip(self.given_spans.tolist(), self.given_cluster_ids.tolist(), strict=True)
        return {(start, end): number for (start, end), number in mentions}

    def given_clusters_of(self, spans: SpanCandidates) -> list[int] | None:
        """
        Return the number of the given cluster that each span is in, or -1 for none.

        `None` if no clusters are given; the spans are on the CPU.
        """
        cluster_of = self.given_clusters()
        if cluster_of is None:
            return None
        places = zip(spans.starts.tolist(), spans.ends.tolist(), strict=True)
        return [cluster_of.get(place, -1) for place in places]


def unpad(
    columns: tuple[Tensor, Tensor, Tensor, Tensor, Tensor],
    gold_spans: Tensor | None,
    gold_cluster_ids: Tensor | None,
) -> list[DocumentPieces]:
    """
    Return the documents of a batch without its padding, on the CPU.

    A batch on a GPU is read in one copy: what follows, but for vectors, needs no other.

    # Parameters

    columns : `tuple[Tensor, ...]`
        The first five fields of `DocumentPieces`; the segment id of padding is -1. Shape of each:
        (batch_size, num_pieces)
    gold_spans : `Tensor | None`
        -1 is padding. Shape: (batch_size, num_mentions, 2)
    gold_cluster_ids : `Tensor | None`
        -1 is padding. Shape: (batch_size, num_mentions)
    """
    documents = []
    if gold_spans is not None and gold_cluster_ids is not None:
        *found, gold_spans, gold_cluster_ids = to_cpu(*columns, gold_spans, gold_cluster_ids)
    else:
        found = list(to_cpu(*columns))
    _, segment_ids, *_ = found
    for row, real in enumerate(segment_ids >= 0):
        document = _of_columns([column[row][real] for column in found])
        if gold_spans is not None and gold_cluster_ids is not None:
            annotated = gold_cluster_ids[row] >= 0
            document = document._replace(
                gold_spans=gold_spans[row][annotated],
                gold_cluster_ids=gold_cluster_ids[row][annotated],
            )
        documents.append(document)
    return documents


def _of_columns(columns: Sequence[Tensor]) -> DocumentPieces:
    """Return the document of its five columns, without mentions."""
    token_ids, segment_ids, word_ids, sentence_ids, speaker_ids = columns
    return DocumentPieces(token_ids, segment_ids, word_ids, sentence_ids, speaker_ids)


def word_spans(starts: Tensor, ends: Tensor, word_ids: Tensor) -> set[WordSpan]:
    """
    Return spans of units as spans of words.

    # Parameters

    starts, ends : `Tensor`
        Their first and last units. Shape: (num_spans,)
    word_ids : `Tensor`
        The word of each unit. Shape: (num_units,)
    """
    columns = word_ids[starts].tolist(), word_ids[ends].tolist()
    return {WordSpan(*span) for span in zip(*columns, strict=True)}


def random_window(document: DocumentPieces, max_segments: int) -> DocumentPieces:
    """
    Return at most `max_segments` consecutive segments of a document.

    They begin at a random one, as where the original trains on long documents (Joshi et al. 2019).
    Each call draws anew.
    """
    if document.segment_ids.numel() == 0:
        return document
    num_segments = int(document.segment_ids[-1]) + 1
    if num_segments <= max_segments:
        return document
    first = int(torch.randint(num_segments - max_segments + 1, ()))
    inside = (document.segment_ids >= first) & (document.segment_ids < first + max_segments)
    return document.select(inside)


def gold_labels(document: DocumentPieces, starts: Tensor, ends: Tensor) -> Tensor:
    """
    Return the annotated cluster of each span.

    # Parameters

    document : `DocumentPieces`
        A document with annotation.
    starts, ends : `Tensor`
        Its units that the spans begin and end with. Shape: (num_spans,)

    # Returns

    `Tensor`
        Shape: (num_spans,). -1 for a span that is no annotated mention.
    """
    assert document.gold_spans is not None and document.gold_cluster_ids is not None
    mentions = map(tuple, document.gold_spans.tolist())
    cluster_of = dict(zip(mentions, document.gold_cluster_ids.tolist(), strict=True))
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return torch.tensor(
        [cluster_of.get(span, -1) for span in spans], dtype=torch.long, device=starts.device
    )


def word_units(
    document: DocumentPieces, vectors: Tensor, sentence_ids: Sequence[int], *, is_whole: bool
) -> tuple[DocumentPieces, Tensor]:
    """
    Make words the units of a document: a word's vector is the mean of its pieces'.

    # Parameters

    document : `DocumentPieces`
        The document in word pieces, on the CPU.
    vectors : `Tensor`
        On the CPU or another device, where those of words will be.
        Shape: (num_pieces, dim)
    sentence_ids : `Sequence[int]`
        The sentence of each word of the whole document, of which `document` may be a part.
    is_whole : `bool`
        Whether `document` has all pieces. If so, all words are units, and those without pieces have
        a vector of zeros; if not, the words from the first to the last with a piece here.

    # Returns

    `tuple[DocumentPieces, Tensor]`
        The document in words, and their vectors. A word's token id, segment and speaker are those
        of its first piece. A mention that ends inside a word is widened to all of it. Shape of the
        vectors: (num_words, dim)
    """
    # Shape: (num_plain_pieces,)
    of_words = document.word_ids >= 0
    words = document.word_ids[of_words]
    first, stop = (0, len(sentence_ids)) if is_whole else _reach(words)
    num_words = stop - first
    word_ids = torch.arange(first, stop, device=words.device)
    is_first = torch.ones_like(words, dtype=torch.bool)
    is_first[1:] = words[1:] != words[:-1]

    def of_first_piece(column: Tensor) -> Tensor:
        """Return each word's first entry, or 0 without pieces. Shape: (num_words,)."""
        return column.new_zeros(num_words).index_copy(
            0, words[is_first] - first, column[of_words][is_first]
        )

    def of_words_here(spans: Tensor | None) -> Tensor | None:
        """Return spans of pieces as spans of words. Shape: (num_spans, 2)."""
        return None if spans is None else document.word_ids[spans] - first

    units = DocumentPieces(
        token_ids=of_first_piece(document.token_ids),
        # A word without pieces belongs to the segment of the word before it.
        segment_ids=of_first_piece(document.segment_ids).cummax(0).values,
        word_ids=word_ids,
        sentence_ids=torch.tensor(
            sentence_ids[first:stop], dtype=torch.long, device=word_ids.device
        ),
        speaker_ids=of_first_piece(document.speaker_ids),
        gold_spans=of_words_here(document.gold_spans),
        gold_cluster_ids=document.gold_cluster_ids,
        given_spans=of_words_here(document.given_spans),
        given_cluster_ids=document.given_cluster_ids,
        finds_more=document.finds_more,
    )
    # Shape: (num_plain_pieces,), (num_words, dim)
    places, numbers = to_device(vectors.device, words - first, word_ids)
    pooled = mean_of_pieces(select_rows(vectors, of_words)[None], places[None], numbers[None])[0]
    return units, pooled


def _reach(words: Tensor) -> tuple[int, int]:
    """Return the first of some words in ascending order, and the one after the last."""
    return (int(words[0]), int(words[-1]) + 1) if len(words) else (0, 0)
