"""Span clustering: span vectors mixed with that of the cluster that they would be in."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spanbert_allen.modules.coref.refinements.gated_refinement import GatedRefinement, with_none
from spanbert_allen.modules.coref.refinements.refinement import Refinement
from spanbert_allen.modules.coref.scored_links import clusters_of_links
from spanbert_allen.modules.layers.precision import at_least_float32


@Refinement.register("spanbert_span_clustering")
class SpanClustering(GatedRefinement):
    """
    Summarise a span's antecedents as the vector of the cluster that it would be in.

    As in Xu and Choi (2020), section 2.2, the best links so far make clusters, and a cluster's
    vector is the mean of its spans' vectors, weighted by a softmax of one learnt score a span. For
    a span without links it is the span's own vector.

    # Parameters

    span_dim : `int`
        See `GatedRefinement`, as for the next two.
    times : `int`, optional (default = `1`)
    scalar_gate : `bool`, optional (default = `False`)
    """

    def __init__(self, span_dim: int, *, times: int = 1, scalar_gate: bool = False):
        super().__init__(span_dim, times=times, scalar_gate=scalar_gate)
        self.span_scorer = nn.Linear(span_dim, 1)

    def antecedent_summary(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        # Shape: (num_spans, 1)
        best = with_none(scores).argmax(dim=1, keepdim=True)
        # Shape: (num_spans,). -1 for none.
        links = functional.pad(antecedents, (1, 0), value=-1).gather(1, best).squeeze(1)
        clusters = clusters_of_links(links.tolist())
        # Every span is in one cluster; one without links is alone in its own.
        cluster_of = torch.arange(spans.size(0))
        for cluster in clusters:
            cluster_of[cluster] = cluster[0]
        cluster_of = cluster_of.to(spans.device)
        # Shape: (num_spans,)
        span_scores = at_least_float32(self.span_scorer(spans)).squeeze(-1)
        # A softmax within each cluster. Shape: (num_spans,)
        highest = torch.zeros_like(span_scores).scatter_reduce(
            0, cluster_of, span_scores.detach(), "amax", include_self=False
        )
        weights = torch.exp(span_scores - highest[cluster_of])
        totals = torch.zeros_like(weights).index_add(0, cluster_of, weights)
        weights = weights / totals[cluster_of]
        # Shape: (num_spans, span_dim)
        vectors = torch.zeros_like(spans).index_add(
            0, cluster_of, (weights.unsqueeze(1) * spans).to(spans.dtype)
        )
        return vectors.index_select(0, cluster_of)
