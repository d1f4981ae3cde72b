"""Clusters compared mention by mention."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.joiners.cluster_joiner import ClusterJoiner, ClusterVectors


@ClusterJoiner.register("spanbert_best_pair")
class BestPair(ClusterJoiner):
    """
    Score two clusters as the best pair of a mention of each.

    # Parameters

    clusters : `int`, optional (default = `200`)
        See `ClusterJoiner`, as for the next one.
    mentions : `int`, optional (default = `8`)
    """

    def stand_ins(self, vectors: Tensor, scores: Tensor, clusters: Tensor) -> ClusterVectors:
        """See `ClusterJoiner`."""
        return ClusterVectors(vectors, scores, torch.arange(len(clusters)))
