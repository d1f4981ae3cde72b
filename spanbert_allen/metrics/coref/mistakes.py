"""Name the mistakes that predicted clusters (the response) of a document make, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.metrics.coref.cluster_errors import found_links
from spanbert_allen.metrics.coref.cluster_scores import distinct_clusters

Clusters = Sequence[Sequence[WordSpan]]

KINDS = (
    *("missed_clusters", "missed_mentions", "invented_clusters", "spurious_mentions"),
    *("split_clusters", "merged_clusters", "wrong_links", "missed_links", "invented_links"),
)
"""The kinds of mistakes, named as `ClusterErrors` counts them."""


class Mistake(NamedTuple):
    """
    Hold a mistake.

    # Parameters

    kind : `str`
        One of `KINDS`.
    groups : `Sequence[Sequence[WordSpan]]`
        Of a missed or invented cluster its mentions, of a missed or spurious mention that mention,
        as one group. Of a split or merged cluster a group for each part. Of a link the mention
        alone, then, each alone, the one that it is linked to and the one that it should be linked
        to, as far as there are such.
    """

    kind: str
    groups: Sequence[Sequence[WordSpan]]


def mistakes_of(
    key: Iterable[Iterable[WordSpan]], response: Iterable[Iterable[WordSpan]]
) -> list[Mistake]:
    """
    Return the mistakes of one document by `KINDS`, each kind in the order of the document.

    There are as many of each kind as `count_errors` counts, singletons included.

    # Parameters

    key, response : `Iterable[Iterable[WordSpan]]`
        The annotated and the predicted clusters.
    """
    keys, responses = distinct_clusters(key), distinct_clusters(response)
    found = [
        *_unfound_and_parts(keys, responses, "missed_clusters", "missed_mentions", "split"),
        *_unfound_and_parts(responses, keys, "invented_clusters", "spurious_mentions", "merged"),
        *_links(keys, responses),
    ]
    return sorted(found, key=lambda mistake: (KINDS.index(mistake.kind), mistake.groups[0][0]))


def _unfound_and_parts(
    clusters: Clusters, others: Clusters, whole: str, single: str, several: str
) -> Iterator[Mistake]:
    """Yield clusters and mentions that the other side lacks, and clusters in parts there."""
    other_of = {mention: j for j, cluster in enumerate(others) for mention in cluster}
    for cluster in clusters:
        parts: dict[int | None, list[WordSpan]] = {}
        for mention in sorted(cluster):
            parts.setdefault(other_of.get(mention), []).append(mention)
        unfound = parts.pop(None, [])
        if not parts:
            yield Mistake(whole, [unfound])
            continue
        yield from (Mistake(single, [[mention]]) for mention in unfound)
        if len(parts) > 1:
            yield Mistake(f"{several}_clusters", list(parts.values()))


def _links(keys: Clusters, responses: Clusters) -> Iterator[Mistake]:
    for link in found_links(keys, responses):
        if link.kind in KINDS:
            ends = (link.mention, link.antecedent, link.expected)
            yield Mistake(link.kind, [[end] for end in ends if end is not None])
