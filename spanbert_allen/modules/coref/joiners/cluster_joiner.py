"""The base of what joins clusters of neighbouring windows: by the scores of the model's links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from allennlp.common import Registrable
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.layers.transfers import to_cpu, to_device


class ClusterMention(NamedTuple):
    """A mention of a cluster: its first and last unit in the document, and its mention score."""

    span: tuple[int, int]
    score: float


class ClusterVectors(NamedTuple):
    """
    What stands for clusters when links are scored: vectors, as if each were a mention.

    vectors : `Tensor`
        Shape: (num_vectors, span_dim)
    mention_scores : `Tensor`
        Shape: (num_vectors,)
    mentions : `Tensor`
        The mention whose speaker, segment and words count for each; ascending.
        Shape: (num_vectors,), on the CPU
    """

    vectors: Tensor
    mention_scores: Tensor
    mentions: Tensor


class ClusterJoiner(Registrable):
    """
    Score clusters that begin in a window against clusters of the windows before.

    The scores are those of the head's own antecedent scorer, between vectors that stand for
    clusters; a refinement does not change them. A subclass says what stands for a cluster.

    # Parameters

    clusters : `int`, optional (default = `200`)
        How many earlier clusters can be joined, the latest ones; those of one mention go first.
    mentions : `int`, optional (default = `8`)
        How many mentions of a cluster are looked at: those with the highest mention scores.
    """

    default_implementation = "spanbert_mean_of_mentions"

    def __init__(self, *, clusters: int = 200, mentions: int = 8) -> None:
        for name, value in (("clusters", clusters), ("mentions", mentions)):
            if value < 1:
                raise ConfigError(
                    f"model.windows.joined_by.{name} is {value}; give a number from 1, or leave "
                    "`joined_by` out"
                )
        self.clusters = clusters
        self.mentions = mentions

    def stand_ins(self, vectors: Tensor, scores: Tensor, clusters: Tensor) -> ClusterVectors:
        """
        Return what stands for clusters.

        # Parameters

        vectors : `Tensor`
            The antecedent scorer's vectors of mentions. Shape: (num_mentions, span_dim)
        scores : `Tensor`
            Their mention scores. Shape: (num_mentions,)
        clusters : `Tensor`
            The cluster of each, from 0, ascending. Shape: (num_mentions,), on the CPU
        """
        raise NotImplementedError

    def scores(
        self,
        head: CorefHead,
        document: DocumentUnits,
        earlier: Sequence[Sequence[ClusterMention]],
        new: Sequence[Sequence[ClusterMention]],
    ) -> Tensor:
        """
        Return how well each new cluster goes with each earlier one.

        # Parameters

        head : `CorefHead`
            The head that scored the windows.
        document : `DocumentUnits`
            The whole document, all but its vectors on the CPU.
        earlier, new : `Sequence[Sequence[ClusterMention]]`
            At least one cluster each. Of the mentions of a cluster, the surest are looked at.

        # Returns

        `Tensor`
            The highest score of a link between what stands for both; 0 is the score of no link,
            and minus infinity stands where none was scored, as for what is not among the best
            `max_antecedents`. Shape: (num_new, num_earlier), on the CPU
        """
        clusters = [self._surest(mentions) for mentions in (*earlier, *new)]
        mentions = [mention for cluster in clusters for mention in cluster]
        sizes = torch.tensor([len(cluster) for cluster in clusters])
        # Shape: (num_mentions,)
        cluster_of = torch.arange(len(clusters)).repeat_interleave(sizes)
        spans = SpanCandidates(*torch.tensor([mention.span for mention in mentions]).unbind(1))
        found = self.stand_ins(
            _vectors_of(head, document, spans),
            document.vectors.new_tensor([mention.score for mention in mentions]),
            cluster_of,
        )
        context = _context(head, document, spans.select(found.mentions))
        antecedents = head.link_scorer.choose(found.vectors, found.mention_scores, context)
        # Shape of each: (num_vectors, num_antecedents)
        indices, scores = to_cpu(
            antecedents.indices,
            head.link_scorer.score(found.vectors, antecedents, context, refined=False),
        )
        return _best_of_clusters(cluster_of[found.mentions], indices, scores, len(earlier))

    def _surest(self, mentions: Sequence[ClusterMention]) -> list[ClusterMention]:
        """Return the surest mentions of a cluster, in the order of the text."""
        return sorted(sorted(mentions, key=lambda mention: -mention.score)[: self.mentions])


def _vectors_of(head: CorefHead, document: DocumentUnits, spans: SpanCandidates) -> Tensor:
    """Return the antecedent scorer's vectors of spans, for which it sees their units alone."""
    lengths = spans.ends - spans.starts + 1
    lasts = lengths.cumsum(0) - 1
    places = torch.cat([torch.arange(first, last + 1) for first, last in zip(*spans, strict=True)])
    (there,) = to_device(document.vectors.device, places)
    gathered = SpanCandidates(lasts - lengths + 1, lasts).on(there.device)
    return head.link_scorer.represent(document.vectors[there], gathered, head.span_representation)


def _context(head: CorefHead, document: DocumentUnits, spans: SpanCandidates) -> SpanContext:
    """Return what the antecedent scorer is told of the mentions that stand for clusters."""
    speaker_ids, segment_ids = to_device(
        document.vectors.device,
        document.speaker_ids[spans.starts],
        document.segment_ids[spans.starts],
    )
    words = document.words_of(spans) if head.link_scorer.uses_words else ()
    return SpanContext(speaker_ids, segment_ids, document.genre_id, words)


def _best_of_clusters(
    clusters: Tensor, indices: Tensor, scores: Tensor, num_earlier: int
) -> Tensor:
    """
    Return the best score of each pair of a new cluster and an earlier one.

    # Parameters

    clusters : `Tensor`
        The cluster that each vector stands for; earlier ones first. Shape: (num_vectors,)
    indices, scores : `Tensor`
        Scored antecedents. Shape: (num_vectors, num_antecedents)
    num_earlier : `int`
        How many clusters are earlier ones.

    # Returns

    `Tensor`
        Shape: (num_new, num_earlier)
    """
    num_new = int(clusters[-1]) + 1 - num_earlier
    rows = clusters.unsqueeze(1).expand_as(indices)
    columns = clusters[indices]
    counts = (rows >= num_earlier) & (columns < num_earlier)
    # Shape: (num_counted,)
    places = (rows[counts] - num_earlier) * num_earlier + columns[counts]
    table = scores.new_full((num_new * num_earlier,), float("-inf"))
    best = table.scatter_reduce(0, places, scores[counts], "amax")
    return best.view(num_new, num_earlier)
