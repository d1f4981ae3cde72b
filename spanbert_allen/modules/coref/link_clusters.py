"""The clusters that links make."""

from __future__ import annotations

from collections.abc import Sequence


def clusters_of_links(antecedents: Sequence[int]) -> list[list[int]]:
    """
    The spans that links join.

    # Parameters

    antecedents : `Sequence[int]`
        The antecedent of each span: the index of an earlier span, or -1 for none.

    # Returns

    `list[list[int]]`
        Clusters of at least two span indices, each in document order.
    """
    clusters: list[list[int]] = []
    cluster_of: dict[int, int] = {}
    for span, antecedent in enumerate(antecedents):
        if antecedent < 0:
            continue
        if antecedent not in cluster_of:
            cluster_of[antecedent] = len(clusters)
            clusters.append([antecedent])
        cluster_of[span] = cluster_of[antecedent]
        clusters[cluster_of[span]].append(span)
    return clusters
