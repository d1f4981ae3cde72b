"""One document of a padded batch as tensors, and the cuts the coreference model makes in it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class DocumentPieces(NamedTuple):
    """
    The units of one document, without padding: word pieces, special ones among them or not.

    token_ids, segment_ids, word_ids, sentence_ids, speaker_ids : `Tensor`
        Shape: (num_units,). Special pieces have the word id -1.
    gold_spans : `Tensor | None`
        Shape: (num_mentions, 2). First and last unit of the annotated mentions; `None` without
        annotation.
    gold_cluster_ids : `Tensor | None`
        Shape: (num_mentions,). From 0.
    """

    token_ids: Tensor
    segment_ids: Tensor
    word_ids: Tensor
    sentence_ids: Tensor
    speaker_ids: Tensor
    gold_spans: Tensor | None = None
    gold_cluster_ids: Tensor | None = None

    def select(self, chosen: Tensor) -> DocumentPieces:
        """
        The document with only the units where `chosen`, of shape (num_units,), is true. Mentions
        that begin or end with another unit go.
        """
        units = {name: getattr(self, name)[chosen] for name in self._fields[:5]}
        if self.gold_spans is None or self.gold_cluster_ids is None:
            return DocumentPieces(**units)
        # Shape: (num_mentions,)
        kept = chosen[self.gold_spans].all(dim=1)
        # Shape: (num_units,)
        new_positions = chosen.long().cumsum(0) - 1
        return DocumentPieces(
            **units,
            gold_spans=new_positions[self.gold_spans[kept]],
            gold_cluster_ids=self.gold_cluster_ids[kept],
        )


def unpad(
    columns: tuple[Tensor, Tensor, Tensor, Tensor, Tensor],
    gold_spans: Tensor | None,
    gold_cluster_ids: Tensor | None,
) -> list[DocumentPieces]:
    """
    The documents of a batch.

    # Parameters

    columns : `tuple[Tensor, ...]`
        `DocumentPieces`' first five, in its order; the segment id of padding is -1. Shape of each:
        (batch_size, num_pieces)
    gold_spans : `Tensor | None`
        Shape: (batch_size, num_mentions, 2); -1 is padding.
    gold_cluster_ids : `Tensor | None`
        Shape: (batch_size, num_mentions); -1 is padding.
    """
    documents = []
    _, segment_ids, *_ = columns
    for row, real in enumerate(segment_ids >= 0):
        gold: dict[str, Tensor] = {}
        if gold_spans is not None and gold_cluster_ids is not None:
            annotated = gold_cluster_ids[row] >= 0
            gold["gold_spans"] = gold_spans[row][annotated]
            gold["gold_cluster_ids"] = gold_cluster_ids[row][annotated]
        documents.append(DocumentPieces(*(column[row][real] for column in columns), **gold))
    return documents


def random_window(document: DocumentPieces, max_segments: int) -> DocumentPieces:
    """
    At most `max_segments` consecutive segments of a document, beginning at a random one, as the
    original trains on long documents (Joshi et al. 2019): a fresh draw at every visit.
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
    The annotated cluster of each span.

    # Parameters

    document : `DocumentPieces`
        With annotation.
    starts, ends : `Tensor`
        Shape: (num_spans,)

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
