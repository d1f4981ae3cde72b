"""Cluster merging: scores of joining whole clusters, made while the clusters grow."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents.pair_features import (
    NUM_DISTANCE_BUCKETS,
    distance_buckets,
)
from spanbert_allen.modules.coref.refinements.growing_clusters import (
    NONE,
    REDUCTIONS,
    ClusterState,
    GrowingClusters,
    add_vector,
)
from spanbert_allen.modules.coref.refinements.refinement import RefinedScores, Refinement
from spanbert_allen.modules.layers.chunking import row_bounds, run_chunks
from spanbert_allen.modules.layers.feedforward_scorer import FeedForwardScorer
from spanbert_allen.modules.layers.transfers import to_cpu, to_device

_PAIRS_PER_CHUNK = 2048


@Refinement.register("spanbert_cluster_merging")
class ClusterMerging(Refinement):
    """
    Merge clusters as Xu and Choi (2020), section 2.2, do.

    Spans take their turns; in a span's turn each link gets a score `FFN([g ; e ; g * e ; size])`
    added, where `e` is the vector of the cluster that the antecedent is in by now, and `size` a
    learnt row for that cluster's size (0 is added if it is in none). Then the span joins the
    cluster of its best antecedent, unless that scores below 0.

    Spans go one after the other only to find out which clusters there are, without gradients and
    without dropout. In training the scores are then made again, in chunks, with both.

    # Parameters

    span_dim : `int`
        The width of a span vector; the head fills it in.
    hidden_dim : `int`, optional (default = `3000`)
        See `FeedForwardScorer`, as for the next two.
    num_layers : `int`, optional (default = `1`)
    dropout : `float`, optional (default = `0.3`)
        Also on the rows of sizes.
    feature_size : `int`, optional (default = `20`)
        The width of a size's row.
    reduce : `str`, optional (default = `"mean"`)
        A cluster's vector is the `mean` of its spans', or their `max` in each dimension.
    easy_first : `bool`, optional (default = `False`)
        Whether spans take their turns in the order of their best scores, the highest first, and not
        in the order of the document.
    self_merging : `bool`, optional (default = `False`)
        What happens where a span and its antecedent are in clusters already, as can be with
        `easy_first`. By default the span's cluster takes in the antecedent's, as the paper says.
        With `True` it takes in itself, so that its vector stays and its size doubles: coref-hoi's
        program with `easy_cluster_first` does so, as it reads which cluster the antecedent is in
        only after having moved it. Imported models have it.
    train_both : `bool`, optional (default = `False`)
        Whether the loss also counts the scores without those of clusters (the original's
        `cluster_dloss`).
    """

    def __init__(
        self,
        span_dim: int,
        *,
        hidden_dim: int = 3000,
        num_layers: int = 1,
        dropout: float = 0.3,
        feature_size: int = 20,
        reduce: str = "mean",
        easy_first: bool = False,
        self_merging: bool = False,
        train_both: bool = False,
    ):
        super().__init__()
        if reduce not in REDUCTIONS:
            raise ConfigError(
                f"model.head.refinement.reduce: {reduce!r} is neither {' nor '.join(REDUCTIONS)}"
            )
        self.reduce = reduce
        self.easy_first = easy_first
        self.self_merging = self_merging
        self.train_both = train_both
        self.size_embedding = nn.Embedding(NUM_DISTANCE_BUCKETS, feature_size)
        self.dropout = nn.Dropout(dropout)
        self.feedforward = FeedForwardScorer(
            (span_dim, span_dim, span_dim, feature_size),
            hidden_dim=hidden_dim,
            num_layers=num_layers,
            dropout=dropout,
        )

    def forward(
        self,
        spans: Tensor,
        scores: Tensor,
        antecedents: Tensor,
        rescore: Callable[[Tensor], Tensor],
    ) -> RefinedScores:
        is_training = self.training
        self.eval()
        with torch.no_grad():
            states, joined, added = self._grow(spans, scores, antecedents)
        self.train(is_training)
        if torch.is_grad_enabled() and antecedents.numel():
            added = self._scores(spans, states, joined)
        return RefinedScores(scores + added, scores if self.train_both else None)

    def _grow(
        self, spans: Tensor, scores: Tensor, antecedents: Tensor
    ) -> tuple[list[ClusterState], Tensor, Tensor]:
        """
        Let the spans take their turns.

        # Returns

        `tuple[list[ClusterState], Tensor, Tensor]`
            All states of clusters; for each link the state of the antecedent's cluster in the
            span's turn, or `NONE`, on the CPU; and what is added to the link's score. Shape of both
            tensors: (num_spans, num_antecedents)
        """
        clusters = GrowingClusters(scores.size(0), self_merging=self.self_merging)
        antecedents, is_link = to_cpu(antecedents, scores.isfinite())
        joined = torch.full_like(antecedents, NONE)
        added = torch.zeros_like(scores)
        if antecedents.numel() == 0:
            return clusters.states, joined, added
        own, other, product, size = self.feedforward.blocks()
        # One of each for every state. Shapes: (span_dim,), (hidden_dim,)
        vectors: list[Tensor] = []
        products: list[Tensor] = []
        for span in self._order(scores):
            states = torch.tensor([clusters.state_of(i) for i in antecedents[span].tolist()])
            states[~is_link[span]] = NONE
            joined[span] = states
            # Shape: (num_known,)
            known = (states != NONE).nonzero().squeeze(-1)
            if len(known):
                # Antecedents in the same cluster have the same score.
                found, places = states[known].unique(return_inverse=True)
                sizes = torch.tensor([clusters.states[i].size for i in found])
                sizes, known, places = to_device(spans.device, sizes, known, places)
                # Shape: (num_found, hidden_dim)
                pre_activation = (
                    torch.stack([vectors[i] for i in found]) * spans[span] @ product.t()
                    + torch.stack([products[i] for i in found])
                    + self._size_rows(sizes) @ size.t()
                    + (own @ spans[span] + self.feedforward.first.bias)
                )
                # Shape: (num_found,)
                of_found = self.feedforward.finish(pre_activation).to(added.dtype)
                added[span, known] = of_found[places]
            best_score, best = to_cpu(*(scores[span] + added[span]).max(dim=0))
            if float(best_score) >= 0:
                for state in clusters.link(span, int(antecedents[span, best])):
                    add_vector(vectors, state, spans, self.reduce)
                    products.append(other @ vectors[-1])
        return clusters.states, joined, added

    def _order(self, scores: Tensor) -> list[int]:
        """Return the spans in the order of their turns."""
        if not self.easy_first:
            return list(range(scores.size(0)))
        order: list[int] = scores.max(dim=1).values.argsort(descending=True, stable=True).tolist()
        return order

    def _size_rows(self, sizes: Tensor) -> Tensor:
        """Return the learnt rows of sizes. Shapes: (num_pairs,) to (num_pairs, feature_size)."""
        return self.dropout(self.size_embedding(distance_buckets(sizes)))

    def _scores(self, spans: Tensor, states: list[ClusterState], joined: Tensor) -> Tensor:
        """
        Return what is added to the links' scores, with gradients.

        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim)
        states : `list[ClusterState]`
            All states of clusters.
        joined : `Tensor`
            The state of each link's cluster, or `NONE`; on the CPU. Shape: (num_spans,
            num_antecedents)

        # Returns

        `Tensor`
            Shape: (num_spans, num_antecedents)
        """
        known = joined != NONE
        # Shape: (num_pairs,) both
        rows, pair_states = known.nonzero()[:, 0], joined[known]
        if len(rows) == 0:
            # Processes that train together need a gradient of every parameter.
            nothing = 0.0 * sum(parameter.sum() for parameter in self.parameters())
            return nothing + spans.new_zeros(joined.shape)
        own, other, product, size = self.feedforward.blocks()
        each: list[Tensor] = []
        one_by_one = spans.unbind(0)
        for state in states:
            add_vector(each, state, one_by_one, self.reduce)
        # Shape: (num_states, span_dim), (num_states,), (num_states, hidden_dim)
        vectors = torch.stack(each)
        device = spans.device
        sizes, known, pair_states = to_device(
            device, torch.tensor([state.size for state in states]), known, pair_states
        )
        products = vectors @ other.t()

        def score(rows: Tensor, pair_states: Tensor) -> Tensor:
            # Pairs of one span follow each other: one product for all of them.
            spans_here, places = rows.unique_consecutive(return_inverse=True)
            rows, spans_here, places = to_device(device, rows, spans_here, places)
            # Shape: (num_spans_here, hidden_dim)
            own_products = torch.addmm(
                self.feedforward.first.bias, spans.index_select(0, spans_here), own.t()
            )
            pairs = spans.index_select(0, rows) * vectors.index_select(0, pair_states)
            # Shape: (num_pairs, hidden_dim)
            pre_activation = (
                pairs @ product.t()
                + own_products.index_select(0, places)
                + products.index_select(0, pair_states)
                + self._size_rows(sizes[pair_states]) @ size.t()
            )
            return self.feedforward.finish(pre_activation)

        bounds = row_bounds(len(rows), _PAIRS_PER_CHUNK)
        chunks = ((rows[a:b], pair_states[a:b]) for a, b in bounds)
        # Shape: (num_pairs,)
        scores = run_chunks(score, chunks, len(rows), row_size=self.feedforward.first.out_features)
        return scores.new_zeros(joined.shape).masked_scatter(known, scores)
