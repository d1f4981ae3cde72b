"""Clusters compared as the means of their mentions."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.joiners.cluster_joiner import ClusterJoiner, ClusterVectors
from spanbert_allen.modules.layers.transfers import to_cpu, to_device


@ClusterJoiner.register("spanbert_mean_of_mentions")
class MeanOfMentions(ClusterJoiner):
    """
    Score two clusters as if the mean of its mentions' vectors were the mention of each.

    The mention score is the mean, too; speaker, segment and words are those of the surest mention.

    # Parameters

    clusters : `int`, optional (default = `200`)
        See `ClusterJoiner`, as for the next one.
    mentions : `int`, optional (default = `8`)
    """

    def stand_ins(self, vectors: Tensor, scores: Tensor, clusters: Tensor) -> ClusterVectors:
        """See `ClusterJoiner`."""
        num_clusters = int(clusters[-1]) + 1
        (there,) = to_device(vectors.device, clusters)
        # Shape: (num_clusters,)
        sizes = there.bincount(minlength=num_clusters)
        # Shape: (num_clusters, span_dim), (num_clusters,)
        vectors = vectors.new_zeros(num_clusters, vectors.size(1)).index_add(0, there, vectors)
        totals = scores.new_zeros(num_clusters).index_add(0, there, scores)
        (on_cpu,) = to_cpu(scores)
        surest = [
            int(on_cpu.masked_fill(clusters != cluster, float("-inf")).argmax())
            for cluster in range(num_clusters)
        ]
        return ClusterVectors(
            vectors / sizes.unsqueeze(1), totals / sizes, torch.tensor(surest, dtype=torch.long)
        )
