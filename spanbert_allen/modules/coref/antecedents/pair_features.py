"""Features of a pair of spans: what is known of it beside the vectors."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spanbert_allen.common.errors import ConfigError

FEATURES = ("speaker", "genre", "distance", "segment")
NUM_DISTANCE_BUCKETS = 10


class SpanContext(NamedTuple):
    """
    What the features of pairs are made of, for the top spans of one document.

    speaker_ids : `Tensor`
        Shape: (num_spans,). The speaker at the span's first unit.
    segment_ids : `Tensor`
        Shape: (num_spans,). The encoder segment of the span's first unit.
    genre_id : `int`
    words : `Sequence[Sequence[str]]`
        The words of each span, where the scorer reads them; else empty.
    """

    speaker_ids: Tensor
    segment_ids: Tensor
    genre_id: int
    words: Sequence[Sequence[str]] = ()


class PairFeatures(nn.Module):
    """
    Look up what is known of a pair of spans, a learnt row for each feature, side by side.

    The features are whether the speaker is the same, the document's genre, the distance counted in
    top spans (ten classes) and the distance counted in encoder segments (Lee et al. 2017, section
    4; the last one is Joshi et al.'s, 2019).

    # Parameters

    names : `Sequence[str]`, optional (default = all, in this order)
        Some of `speaker`, `genre`, `distance` and `segment`, in the order of the columns. With
        none, `output_dim` is 0, and the module must not be called.
    feature_size : `int`, optional (default = `20`)
        The width of a row.
    num_genres : `int`, optional (default = `7`)
        The number of rows for genres.
    max_segments : `int`, optional (default = `3`)
        The number of rows for distances in segments. Farther ones have the last row.
    dropout : `float`, optional (default = `0.3`)
        The dropout on the rows.
    """

    def __init__(
        self,
        names: Sequence[str] = FEATURES,
        *,
        feature_size: int = 20,
        num_genres: int = 7,
        max_segments: int = 3,
        dropout: float = 0.3,
    ):
        super().__init__()
        rows = {
            "speaker": 2,
            "genre": num_genres,
            "distance": NUM_DISTANCE_BUCKETS,
            "segment": max_segments,
        }
        unknown = [name for name in names if name not in rows]
        if unknown or len(set(names)) < len(names):
            raise ConfigError(
                f"model.head.features is {list(names)}; give some of {', '.join(FEATURES)}, each "
                "at most once"
            )
        self.embeddings = nn.ModuleDict(
            {name: nn.Embedding(rows[name], feature_size) for name in names}
        )
        self.max_segments = max_segments
        self.output_dim = len(names) * feature_size
        self.dropout = nn.Dropout(dropout)

    def forward(self, spans: Tensor, antecedents: Tensor, context: SpanContext) -> Tensor:
        """
        Return the rows of some pairs.

        # Parameters

        spans, antecedents : `Tensor`
            Indices of top spans; the antecedent stands first in the document. Shape: (num_pairs,)
        context : `SpanContext`

        # Returns

        `Tensor`
            Shape: (num_pairs, output_dim)
        """
        # Shape of each: (num_pairs, feature_size)
        columns = [
            embedding(self._ids(name, spans, antecedents, context))
            for name, embedding in self.embeddings.items()
        ]
        return self.dropout(torch.cat(columns, dim=-1))

    def _ids(self, name: str, spans: Tensor, antecedents: Tensor, context: SpanContext) -> Tensor:
        """Return the row numbers of one feature. Shape: (num_pairs,)."""
        if name == "speaker":
            return (context.speaker_ids[spans] == context.speaker_ids[antecedents]).long()
        if name == "genre":
            return torch.full_like(spans, context.genre_id)
        if name == "distance":
            return distance_buckets(spans - antecedents)
        distances = context.segment_ids[spans] - context.segment_ids[antecedents]
        return distances.clamp(0, self.max_segments - 1)


def distance_buckets(distances: Tensor) -> Tensor:
    """
    Return the class of each distance: 0, 1, 2, 3, 4, 5-7, 8-15, 16-31, 32-63, 64 and more.

    # Parameters

    distances : `Tensor`
        Any shape; whole numbers from 0.

    # Returns

    `Tensor`
        The same shape, values 0 to 9.
    """
    return torch.bucketize(distances, _boundaries(distances.device), right=True)


@functools.cache
def _boundaries(device: torch.device) -> Tensor:
    """Return where classes of distances begin, sent to a device once. Shape: (9,)."""
    return torch.tensor([1, 2, 3, 4, 5, 8, 16, 32, 64], device=device)
