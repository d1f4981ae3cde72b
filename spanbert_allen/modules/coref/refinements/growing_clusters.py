"""Clusters that grow by a span or a cluster at a time, and every state they pass through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

REDUCTIONS = ("mean", "max")
NONE = -1


class ClusterState(NamedTuple):
    """
    One state of a cluster: a span alone, or an earlier state with what joined it.

    joining, joining_size : `int`
        The index of what joined: a span (size 1), or a state of a cluster.
    joins_as_state : `bool`
        Whether `joining` is the index of a state, not of a span.
    before, before_size : `int`
        The index and the size of the state that it joined; `NONE` and 0 for a cluster that begins
        with a span.
    """

    joining: int
    joining_size: int = 1
    joins_as_state: bool = False
    before: int = NONE
    before_size: int = 0

    @property
    def size(self) -> int:
        """Return the number of spans that the state counts."""
        return self.before_size + self.joining_size


class GrowingClusters:
    """
    Keep track of the cluster that each span is in while spans are linked one after the other.

    Where a span and its antecedent are in clusters already, the antecedent moves to the span's
    cluster. The other spans of its old cluster stay there, and that cluster stays as it was: so in
    Xu and Choi's program.

    # Parameters

    num_spans : `int`
        How many spans there are.
    self_merging : `bool`, optional (default = `False`)
        Whether the span's cluster then takes in its own vector and size, and not those of the
        antecedent's old cluster; see `ClusterMerging`.
    """

    def __init__(self, num_spans: int, *, self_merging: bool = False):
        self._self_merging = self_merging
        self.states: list[ClusterState] = []
        self._cluster_of: list[int] = [NONE] * num_spans
        self._present: list[int] = []  # each cluster's state

    def state_of(self, span: int) -> int:
        """Return the present state of a span's cluster, `NONE` if it is in none."""
        cluster = self._cluster_of[span]
        return NONE if cluster == NONE else self._present[cluster]

    def link(self, span: int, antecedent: int) -> list[ClusterState]:
        """Put two spans into one cluster, and return the states that are new in `states`."""
        num_before = len(self.states)
        if self._cluster_of[span] == NONE:
            if self._cluster_of[antecedent] == NONE:
                self._cluster_of[antecedent] = len(self._present)
                self._present.append(len(self.states))
                self.states.append(ClusterState(joining=antecedent))
            self._cluster_of[span] = self._cluster_of[antecedent]
            self._join(self._cluster_of[span], ClusterState(joining=span))
        else:
            other = self.state_of(antecedent)
            if other != NONE and self._self_merging:
                other = self.state_of(span)
            joining = ClusterState(joining=antecedent)
            if other != NONE:
                joining = ClusterState(other, self.states[other].size, joins_as_state=True)
            self._cluster_of[antecedent] = self._cluster_of[span]
            self._join(self._cluster_of[span], joining)
        return self.states[num_before:]

    def _join(self, cluster: int, joining: ClusterState) -> None:
        before = self._present[cluster]
        self._present[cluster] = len(self.states)
        self.states.append(joining._replace(before=before, before_size=self.states[before].size))


def add_vector(
    vectors: list[Tensor], state: ClusterState, spans: Sequence[Tensor] | Tensor, reduction: str
) -> None:
    """
    Append the vector of a cluster in a new state to those of all states before.

    # Parameters

    vectors : `list[Tensor]`
        Shape of each: (span_dim,)
    state : `ClusterState`
        The new state.
    spans : `Sequence[Tensor] | Tensor`
        Shape: (num_spans, span_dim), or a list of tensors of shape (span_dim,)
    reduction : `str`
        One of `REDUCTIONS`.
    """
    # Shape: (span_dim,)
    joining = vectors[state.joining] if state.joins_as_state else spans[state.joining]
    if state.before == NONE:
        vectors.append(joining)
    elif reduction == "max":
        vectors.append(torch.maximum(vectors[state.before], joining))
    else:
        total = vectors[state.before] * state.before_size + joining * state.joining_size
        vectors.append(total / state.size)
