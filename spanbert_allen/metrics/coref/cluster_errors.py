"""
Count the kinds of mistakes that predicted clusters (the response) of a document make.

The annotated clusters are the key. No torch is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.metrics.coref.cluster_scores import align, distinct_clusters


@dataclass(frozen=True)
class ClusterErrors:
    """
    Hold counts of mistakes, of a document or of many after adding them up.

    They are in the spirit of Kummerfeld and Klein (2013), who count the steps that turn the
    response into the key. A mention is found when key and response both have it, with the same
    first and last word.

    Mentions and clusters:

    - `missed_clusters`: key clusters of which no mention is found; `missed_cluster_mentions`: their
      mentions. `missed_mentions`: mentions not found of the other key clusters.
    - `invented_clusters`, `invented_cluster_mentions`, `spurious_mentions`: the same of the
      response.
    - `missed_by_boundary`: how many of all missed mentions begin or end where a spurious one does,
      so that only the other end is wrong; `spurious_by_boundary`: the same of spurious ones.

    Found mentions by their clusters:

    - `split_clusters`: key clusters whose found mentions lie in several response clusters;
      `splits`: the parts beyond the first, so as many joins mend them.
    - `merged_clusters`: response clusters whose found mentions belong to several key clusters;
      `merges`: the parts beyond the first.

    Found mentions by their links: each found mention is linked to the nearest found mention before
    it in its response cluster, and should be to one of its key cluster. Every found mention is
    counted once, as one of

    - `right_links`: linked to a mention of its key cluster;
    - `wrong_links`: linked to one of another, though its own has an earlier found one;
    - `missed_links`: not linked, though its key cluster has an earlier found mention;
    - `invented_links`: linked, though it is the first found mention of its key cluster;
    - `right_firsts`: not linked, and rightly so.

    The mentions of the key are the found, the missed and those of missed clusters; those of the
    response the found, the spurious and those of invented clusters. The links that MUC misses are
    `missed_mentions + missed_cluster_mentions - missed_clusters + splits`.
    """

    missed_mentions: int = 0
    missed_clusters: int = 0
    missed_cluster_mentions: int = 0
    spurious_mentions: int = 0
    invented_clusters: int = 0
    invented_cluster_mentions: int = 0
    missed_by_boundary: int = 0
    spurious_by_boundary: int = 0
    split_clusters: int = 0
    splits: int = 0
    merged_clusters: int = 0
    merges: int = 0
    right_links: int = 0
    wrong_links: int = 0
    missed_links: int = 0
    invented_links: int = 0
    right_firsts: int = 0

    def __add__(self, other: ClusterErrors) -> ClusterErrors:
        return ClusterErrors(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def count_errors(
    key: Iterable[Iterable[WordSpan]],
    response: Iterable[Iterable[WordSpan]],
    *,
    keep_singletons: bool = True,
) -> ClusterErrors:
    """Count the mistakes of one document; arguments as for `cluster_scores.align`."""
    keys = distinct_clusters(key, keep_singletons=keep_singletons)
    responses = distinct_clusters(response, keep_singletons=keep_singletons)
    alignment = align(keys, responses)
    key_parts, response_parts = [0] * len(keys), [0] * len(responses)
    key_found, response_found = [0] * len(keys), [0] * len(responses)
    for (i, j), count in alignment.overlaps.items():
        key_parts[i] += 1
        response_parts[j] += 1
        key_found[i] += count
        response_found[j] += count
    missed = _unfound(alignment.key_sizes, key_found)
    spurious = _unfound(alignment.response_sizes, response_found)
    return ClusterErrors(
        *missed,
        *spurious,
        *_by_boundary(keys, responses),
        *_several(key_parts),
        *_several(response_parts),
        **Counter(link.kind for link in found_links(keys, responses)),
    )


def _unfound(sizes: Sequence[int], found: Sequence[int]) -> tuple[int, int, int]:
    """Return mentions not found of partly found clusters; clusters not found; their mentions."""
    partly = sum(size - count for size, count in zip(sizes, found, strict=True) if count)
    never = [size for size, count in zip(sizes, found, strict=True) if not count]
    return partly, len(never), sum(never)


def _by_boundary(
    keys: Sequence[Sequence[WordSpan]], responses: Sequence[Sequence[WordSpan]]
) -> tuple[int, int]:
    """How many missed mentions share an end with a spurious one, and the other way round."""
    key = {mention for cluster in keys for mention in cluster}
    response = {mention for cluster in responses for mention in cluster}
    missed, spurious = key - response, response - key
    return _sharing_an_end(missed, spurious), _sharing_an_end(spurious, missed)


def _sharing_an_end(mentions: Iterable[WordSpan], others: Iterable[WordSpan]) -> int:
    others = list(others)
    starts, ends = {other.start for other in others}, {other.end for other in others}
    return sum(mention.start in starts or mention.end in ends for mention in mentions)


def _several(parts: Sequence[int]) -> tuple[int, int]:
    """How many have several parts, and the parts beyond the first."""
    return sum(count > 1 for count in parts), sum(count - 1 for count in parts if count)


class FoundLink(NamedTuple):
    """
    Hold how a found mention is linked.

    # Parameters

    mention : `WordSpan`
        The mention.
    kind : `str`
        One of the last five fields of `ClusterErrors`.
    antecedent : `WordSpan`, optional
        The nearest found mention before it in its response cluster.
    expected : `WordSpan`, optional
        The nearest found mention before it in its key cluster.
    """

    mention: WordSpan
    kind: str
    antecedent: WordSpan | None
    expected: WordSpan | None


def found_links(
    keys: Sequence[Sequence[WordSpan]], responses: Sequence[Sequence[WordSpan]]
) -> Iterator[FoundLink]:
    """
    Yield the link of each found mention, in the order of the document.

    # Parameters

    keys, responses : `Sequence[Sequence[WordSpan]]`
        The clusters, without repeated mentions.
    """
    key_of = {mention: i for i, cluster in enumerate(keys) for mention in cluster}
    response_of = {mention: j for j, cluster in enumerate(responses) for mention in cluster}
    last_of_key: dict[int, WordSpan] = {}
    last_of_response: dict[int, WordSpan] = {}
    for mention in sorted(key_of.keys() & response_of.keys()):
        i, j = key_of[mention], response_of[mention]
        antecedent, expected = last_of_response.get(j), last_of_key.get(i)
        if antecedent is None:
            kind = "right_firsts" if expected is None else "missed_links"
        elif key_of[antecedent] == i:
            kind = "right_links"
        else:
            kind = "invented_links" if expected is None else "wrong_links"
        yield FoundLink(mention, kind, antecedent, expected)
        last_of_key[i] = last_of_response[j] = mention
