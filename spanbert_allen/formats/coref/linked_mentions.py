"""Clusters of annotation tools, which link one mention to another."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping

from spanbert_allen.common.spans import CharSpan

# The last three at the beginning of a word alone, as "resident" and "president" have "ident", too.
_COREFERENCE = re.compile(
    r"(?i:coref|anaphor|cataphor)"
    r"|(?:(?<![^\W\d_])|(?<=[a-z])(?=[A-Z]))(?i:ident|same|equiv)"
)


def is_coreference(label: str) -> bool:
    """Return whether a relation's name says that its two mentions are of one entity."""
    return _COREFERENCE.search(label) is not None


def clusters_of_links(
    spans: Mapping[str, CharSpan], links: Iterable[tuple[str, str]]
) -> list[list[list[int]]]:
    """
    Return the clusters as records of JSON lines hold them: lists of `[start, end]`.

    # Parameters

    spans : `Mapping[str, CharSpan]`
        The mentions by their ids. A mention without a link is a cluster of its own; two of the same
        characters are one.
    links : `Iterable[tuple[str, str]]`
        Pairs of ids of one entity. An id without a mention joins those that it is linked with.
    """
    leader: dict[Hashable, Hashable] = {}

    def find(node: Hashable) -> Hashable:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for one, other in links:
        leader[find(spans.get(one, one))] = find(spans.get(other, other))
    clusters: dict[Hashable, list[list[int]]] = {}
    for span in sorted(set(spans.values())):
        clusters.setdefault(find(span), []).append(list(span))
    return list(clusters.values())
