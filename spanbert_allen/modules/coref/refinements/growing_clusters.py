"""Clusters that grow by a span or a cluster at a time, and all states they have been in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

REDUCTIONS = ("mean", "max")
NONE = -1


class ClusterState(NamedTuple):
    """
    How a cluster's vector came about: of a span alone, or of an earlier state and what joined it.

    joining, joining_size : `int`
        What joined: a span (size 1), or the state of another cluster.
    joins_as_state : `bool`
        Whether `joining` counts states and not spans.
    before, before_size : `int`
        The state that it joined; `NONE` for a cluster that begins with a span.
    """

    joining: int
    joining_size: int = 1
    joins_as_state: bool = False
    before: int = NONE
    before_size: int = 0

    @property
    def size(self) -> int:
        """The number of spans in it."""
        return self.before_size + self.joining_size


class GrowingClusters:
    """
    Which cluster each span is in, while links are made one after the other. A cluster that joins
    another lends it its vector and its size; of its spans only the linked one moves over, and the
    others stay with the cluster as it was: as in Xu and Choi's program.

    # Parameters

    num_spans : `int`
    """

    def __init__(self, num_spans: int):
        self.states: list[ClusterState] = []
        self._cluster_of: list[int] = [NONE] * num_spans
        self._present: list[int] = []  # each cluster's state

    def state_of(self, span: int) -> int:
        """The present state of a span's cluster, `NONE` without one."""
        cluster = self._cluster_of[span]
        return NONE if cluster == NONE else self._present[cluster]

    def link(self, span: int, antecedent: int) -> list[ClusterState]:
        """Put two spans into one cluster; the states that are new then, the last in `states`."""
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
    spans : `Sequence[Tensor] | Tensor`
        Shape: (num_spans, span_dim), or so many of shape (span_dim,)
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
