"""What is known of a pair of spans beside their vectors, as one number."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.blocks import by_distance
from spanbert_allen.modules.coref.antecedents.pair_features import (
    FEATURES,
    PairFeatures,
    SpanContext,
    distance_buckets,
)


class PairScores(nn.Module):
    """
    Score a pair by its features, with one learnt score for each value of each.

    These are the features of `PairFeatures`, with a number in place of a row; the numbers of a pair
    add up.

    # Parameters

    features : `Sequence[str]`, optional (default = all)
        May be empty.
    num_genres, max_segments
        See `PairFeatures`.
    """

    def __init__(
        self, features: Sequence[str] = FEATURES, *, num_genres: int = 7, max_segments: int = 3
    ):
        super().__init__()
        self.features = PairFeatures(
            features, feature_size=1, num_genres=num_genres, max_segments=max_segments, dropout=0.0
        )

    def forward(self, spans: Tensor, antecedents: Tensor, context: SpanContext) -> Tensor:
        """
        Return the scores of some pairs.

        # Parameters

        spans, antecedents : `Tensor`
            Indices of top spans. Shape: any, the same for both
        context : `SpanContext`

        # Returns

        `Tensor`
            Shape: that of `spans`
        """
        if not self.features.output_dim:
            return torch.zeros(spans.shape, device=spans.device)
        rows = self.features(spans.flatten(), antecedents.flatten(), context)
        return rows.sum(-1).view(spans.shape)

    def block(self, first: int, stop: int, num_columns: int, context: SpanContext) -> Tensor:
        """
        Return the scores of a block of pairs, without gradients.

        The pairs are those of spans `first` to before `stop` with each of the first `num_columns`
        spans. The numbers are those of `forward`, made without a row of integers for each pair.

        # Returns

        `Tensor`
            Shape: (stop - first, num_columns). Meaningless where the column is no antecedent.
        """
        # Shape of each: (num_values,)
        tables = {
            name.removesuffix(".weight"): weight.detach().squeeze(-1)
            for name, weight in self.features.embeddings.named_parameters()
        }
        like = context.segment_ids
        # Shape: (rows, columns)
        scores = torch.zeros(stop - first, num_columns, device=like.device)
        if "distance" in tables:
            distances = torch.arange(stop, device=like.device)
            by_bucket = tables["distance"][distance_buckets(distances)]
            scores = by_distance(by_bucket, first, stop, num_columns)
        if "speaker" in tables:
            same = context.speaker_ids[first:stop, None] == context.speaker_ids[:num_columns]
            other_score, same_score = tables["speaker"]
            scores = scores + torch.where(same, same_score, other_score)
        if "segment" in tables:
            apart = like[first:stop, None] - like[:num_columns]
            scores = scores + tables["segment"][apart.clamp_(0, self.features.max_segments - 1)]
        if "genre" in tables:
            scores = scores + tables["genre"][context.genre_id]
        return scores
