"""
MUC, B³, CEAFm, CEAFe, BLANC and LEA of one document.

They compare its annotated clusters (the key) with the predicted ones (the response).

All but LEA give the numerators and denominators of the official CoNLL scorer, version 8.01; its
printed figures are truncated to two decimals of a percent, these are not. A mention is anything
hashable, and two mentions agree when they are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from math import comb, fsum
from operator import add
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from spanbert_allen.metrics.coref.score import BlancScore, ClusterScores, Score

Clusters = Iterable[Iterable[Hashable]]
Mention = TypeVar("Mention", bound=Hashable)


@dataclass(frozen=True)
class Alignment:
    """
    Hold how the clusters of key and response overlap; every score is a function of it.

    # Parameters

    key_sizes, response_sizes : `Sequence[int]`
        The number of mentions of each cluster.
    overlaps : `dict[tuple[int, int], int]`
        The number of mentions that key cluster `i` and response cluster `j` share, where not 0.
    found : `dict[tuple[int, int], int]`
        The same, but each mention counted for one key cluster only. It differs from `overlaps`
        where the key repeats a mention: the official scorer keeps such a mention in the sizes of
        all of its clusters, and looks it up in the last of them.
    """

    key_sizes: Sequence[int]
    response_sizes: Sequence[int]
    overlaps: dict[tuple[int, int], int]
    found: dict[tuple[int, int], int]

    def swapped(self) -> Alignment:
        """Return the alignment with key and response exchanged: precision is its recall."""
        return Alignment(
            self.response_sizes, self.key_sizes, _swapped(self.overlaps), _swapped(self.found)
        )


def align(key: Clusters, response: Clusters, *, keep_singletons: bool = True) -> Alignment:
    """
    Compare the clusters of key and response.

    # Parameters

    key, response : `Iterable[Iterable[Hashable]]`
        Clusters of mentions. As the official scorer does, a mention that the response repeats, in
        the same cluster or in another, is dropped; a mention that the key repeats stays in all of
        its clusters. A cluster left empty is no cluster.
    keep_singletons : `bool`, optional (default = `True`)
        Whether clusters of one mention count, as they do for the official scorer (in all metrics
        but MUC). If not, they are removed from key and response alike before anything is counted.
    """
    smallest = 1 if keep_singletons else 2
    key_clusters = [
        mentions for mentions in map(list, key) if len(dict.fromkeys(mentions)) >= smallest
    ]
    response_clusters = distinct_clusters(response, keep_singletons=keep_singletons)
    key_of = {mention: i for i, cluster in enumerate(key_clusters) for mention in cluster}
    response_of = {mention: j for j, cluster in enumerate(response_clusters) for mention in cluster}
    overlaps = Counter(
        (i, response_of[mention])
        for i, cluster in enumerate(key_clusters)
        for mention in dict.fromkeys(cluster)
        if mention in response_of
    )
    found = Counter((i, response_of[one]) for one, i in key_of.items() if one in response_of)
    return Alignment(
        [len(cluster) for cluster in key_clusters],
        [len(cluster) for cluster in response_clusters],
        dict(overlaps),
        dict(found),
    )


def distinct_clusters(
    clusters: Iterable[Iterable[Mention]], *, keep_singletons: bool = True
) -> list[list[Mention]]:
    """Return the clusters without repeated mentions: of each, the first counts."""
    seen: set[Mention] = set()
    kept: list[list[Mention]] = []
    for cluster in clusters:
        mentions = [mention for mention in dict.fromkeys(cluster) if mention not in seen]
        seen.update(mentions)
        if len(mentions) > 1 or (mentions and keep_singletons):
            kept.append(mentions)
    return kept


def score_clusters(
    key: Clusters, response: Clusters, *, keep_singletons: bool = True
) -> ClusterScores:
    """
    Return all scores of one document, to be added up over documents; arguments as for `align`.

    BLANC and LEA are defined for keys that have a mention once: of repeated ones, the first counts.
    """
    key = [list(cluster) for cluster in key]
    alignment = once = align(key, response, keep_singletons=keep_singletons)
    if _repeats(key):
        distinct = distinct_clusters(key, keep_singletons=keep_singletons)
        once = align(distinct, response, keep_singletons=keep_singletons)
    return ClusterScores(
        muc=muc(alignment),
        b_cubed=b_cubed(alignment),
        ceafm=ceafm(alignment),
        ceafe=ceafe(alignment),
        blanc=blanc(once),
        lea=lea(once),
    )


def score_corpus(
    documents: Iterable[tuple[Clusters, Clusters]], *, keep_singletons: bool = True
) -> ClusterScores:
    """Return the summed scores of many documents, each a pair of its key and its response."""
    scores = (score_clusters(k, r, keep_singletons=keep_singletons) for k, r in documents)
    return reduce(add, scores, ClusterScores())


def mention_score(alignment: Alignment) -> Score:
    """Score the mentions, whatever their clusters: the official identification of mentions."""
    found = sum(alignment.found.values())
    return Score(found, sum(alignment.key_sizes), found, sum(alignment.response_sizes))


def muc(alignment: Alignment) -> Score:
    """
    Score the links that are kept: MUC (Vilain et al., 1995).

    A key cluster that the response splits into `p` parts, each missing mention being a part, keeps
    `size - p` of its `size - 1` links.
    """
    kept = sum(count - 1 for count in alignment.found.values())
    key_links = sum(size - 1 for size in alignment.key_sizes)
    response_links = sum(size - 1 for size in alignment.response_sizes)
    return Score(kept, key_links, kept, response_links)


def b_cubed(alignment: Alignment) -> Score:
    """
    Score each mention's cluster: B³ (Bagga and Baldwin, 1998).

    The mean over mentions of the share of a mention's cluster that is found with it; a mention
    missing on the other side counts 0.
    """
    return _two_sided(alignment, _b_cubed_recall)


def ceafm(alignment: Alignment) -> Score:
    """Score matched clusters: CEAF (Luo, 2005) with φ3, the mentions that two clusters share."""
    similarity = {pair: float(count) for pair, count in alignment.overlaps.items()}
    total = _best_matching(similarity)
    return Score(total, sum(alignment.key_sizes), total, sum(alignment.response_sizes))


def ceafe(alignment: Alignment) -> Score:
    """Score matched clusters: CEAF (Luo, 2005) with φ4, twice the shared over both sizes."""
    similarity = {
        (i, j): 2 * count / (alignment.key_sizes[i] + alignment.response_sizes[j])
        for (i, j), count in alignment.overlaps.items()
    }
    total = _best_matching(similarity)
    return Score(total, len(alignment.key_sizes), total, len(alignment.response_sizes))


def blanc(alignment: Alignment) -> BlancScore:
    """
    Score pairs of mentions, those that corefer and those that do not: BLANC.

    See Recasens and Hovy (2011), and for system mentions Luo et al. (2014).
    """
    shared_by_key = _row_sums(alignment)
    shared_by_response = _row_sums(alignment.swapped())
    links = sum(comb(count, 2) for count in alignment.overlaps.values())
    # Of the pairs of shared mentions, those that are linked on neither side.
    non_links = (
        comb(sum(shared_by_key), 2)
        - sum(comb(count, 2) for count in shared_by_key)
        - sum(comb(count, 2) for count in shared_by_response)
        + links
    )
    key_links, key_non_links = _pairs(alignment.key_sizes)
    response_links, response_non_links = _pairs(alignment.response_sizes)
    return BlancScore(
        Score(links, key_links, links, response_links),
        Score(non_links, key_non_links, non_links, response_non_links),
    )


def lea(alignment: Alignment) -> Score:
    """
    Score the links of each cluster: LEA (Moosavi and Strube, 2016).

    The mean over clusters, weighted by their size, of the share of a cluster's links that are
    found. A singleton has one link, to itself, which is found where the other side has the same
    singleton.
    """
    return _two_sided(alignment, _lea_recall)


def _swapped(counts: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    return {(j, i): count for (i, j), count in counts.items()}


def _repeats(clusters: Iterable[Iterable[Hashable]]) -> bool:
    """Return whether the clusters have a mention twice, in one of them or in two."""
    mentions = list(chain.from_iterable(clusters))
    return len(set(mentions)) < len(mentions)


def _two_sided(alignment: Alignment, recall: Callable[[Alignment], tuple[float, float]]) -> Score:
    return Score(*recall(alignment), *recall(alignment.swapped()))


def _b_cubed_recall(alignment: Alignment) -> tuple[float, float]:
    sizes = alignment.key_sizes
    shared = alignment.overlaps
    found = fsum(count * shared[i, j] / sizes[i] for (i, j), count in alignment.found.items())
    return found, sum(sizes)


def _lea_recall(alignment: Alignment) -> tuple[float, float]:
    sizes, other_sizes = alignment.key_sizes, alignment.response_sizes
    resolved = []
    for (i, j), count in alignment.overlaps.items():
        if sizes[i] == 1:
            resolved.append(1.0 if other_sizes[j] == 1 else 0.0)
        else:
            resolved.append(sizes[i] * comb(count, 2) / comb(sizes[i], 2))
    return fsum(resolved), sum(sizes)


def _row_sums(alignment: Alignment) -> list[int]:
    sums = [0] * len(alignment.key_sizes)
    for (i, _), count in alignment.overlaps.items():
        sums[i] += count
    return sums


def _pairs(sizes: Sequence[int]) -> tuple[int, int]:
    links = sum(comb(size, 2) for size in sizes)
    return links, comb(sum(sizes), 2) - links


def _best_matching(similarity: dict[tuple[int, int], float]) -> float:
    """
    Return the largest total similarity of a one-to-one matching of rows and columns.

    Clusters that share nothing, even through others, are matched apart: a book's thousands of
    clusters never meet in one matrix.
    """
    return fsum(
        weight
        for component in _components(similarity)
        for weight in _matched_weights(component, similarity)
    )


def _matched_weights(
    pairs: list[tuple[int, int]], similarity: dict[tuple[int, int], float]
) -> list[float]:
    if len(pairs) == 1:
        return [similarity[pairs[0]]]
    rows = {i: n for n, i in enumerate(sorted({i for i, _ in pairs}))}
    columns = {j: n for n, j in enumerate(sorted({j for _, j in pairs}))}
    # Shape: (num_rows, num_columns)
    weights = np.zeros((len(rows), len(columns)))
    for i, j in pairs:
        weights[rows[i], columns[j]] = similarity[i, j]
    return [float(weight) for weight in weights[linear_sum_assignment(weights, maximize=True)]]


def _components(
    similarity: dict[tuple[int, int], float],
) -> Iterable[list[tuple[int, int]]]:
    """Return the connected components of the graph whose edges are the pairs of `similarity`."""
    leader: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for i, j in similarity:
        leader[find(("row", i))] = find(("column", j))
    components: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for i, j in similarity:
        components.setdefault(find(("row", i)), []).append((i, j))
    return components.values()
