"""Kinds of mistakes between two clusterings."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.metrics.coref.cluster_errors import ClusterErrors, count_errors
from spanbert_allen.metrics.coref.cluster_scores import align, muc
from spanbert_allen.metrics.coref.mistakes import KINDS, mistakes_of

MIRRORED = {
    "missed_mentions": "spurious_mentions",
    "missed_clusters": "invented_clusters",
    "missed_cluster_mentions": "invented_cluster_mentions",
    "missed_by_boundary": "spurious_by_boundary",
    "split_clusters": "merged_clusters",
    "splits": "merges",
    "missed_links": "invented_links",
}
LINKS = ("right_links", "wrong_links", "missed_links", "invented_links", "right_firsts")


def spans(*clusters: str) -> list[list[WordSpan]]:
    """Mentions of one word each, which letters stand for."""
    return [[WordSpan(ord(m) - 97, ord(m) - 97) for m in cluster] for cluster in clusters]


# Ten words, each of a cluster or of none.
clusterings = st.lists(st.sampled_from([None, 0, 1, 2, 3]), min_size=10, max_size=10).map(
    lambda homes: [
        [WordSpan(word, word) for word, home in enumerate(homes) if home == wanted]
        for wanted in range(4)
        if wanted in homes
    ]
)


@pytest.mark.parametrize(
    ("key", "response", "expected"),
    [
        (["abc", "de"], ["abc", "de"], {"right_links": 3, "right_firsts": 2}),
        (["abc"], ["ab"], {"missed_mentions": 1, "right_links": 1, "right_firsts": 1}),
        (
            ["abc", "de"],
            ["abc"],
            {"missed_clusters": 1, "missed_cluster_mentions": 2}
            | {"right_links": 2, "right_firsts": 1},
        ),
        (["ab"], ["abz"], {"spurious_mentions": 1, "right_links": 1, "right_firsts": 1}),
        (
            ["ab"],
            ["ab", "xyz"],
            {"invented_clusters": 1, "invented_cluster_mentions": 3}
            | {"right_links": 1, "right_firsts": 1},
        ),
        (
            ["abcdef"],
            ["ab", "cd", "ef"],
            {"split_clusters": 1, "splits": 2, "missed_links": 2}
            | {"right_links": 3, "right_firsts": 1},
        ),
        (
            ["ab", "cd"],
            ["abcd"],
            {"merged_clusters": 1, "merges": 1, "invented_links": 1}
            | {"right_links": 2, "right_firsts": 1},
        ),
        (  # c joins the wrong one of two chains
            ["ace", "bd"],
            ["ae", "bcd"],
            {"split_clusters": 1, "splits": 1, "merged_clusters": 1, "merges": 1}
            | {"wrong_links": 2, "right_links": 1, "right_firsts": 2},
        ),
    ],
)
def test_each_kind(key, response, expected):
    assert count_errors(spans(*key), spans(*response)) == ClusterErrors(**expected)


def test_spurious_mentions_are_no_one_to_link_to():
    """z stands between a and b, which are linked all the same."""
    key, response = spans("nb"), [*spans("nb")]
    response[0].append(WordSpan(5, 5))
    assert count_errors(key, response).right_links == 1


def test_wrong_ends():
    key = [[WordSpan(0, 0), WordSpan(2, 5), WordSpan(7, 9)], [WordSpan(12, 12), WordSpan(14, 14)]]
    response = [[WordSpan(0, 0), WordSpan(4, 5), WordSpan(7, 8), WordSpan(7, 10), WordSpan(20, 21)]]
    errors = count_errors(key, response)
    assert (errors.missed_mentions, errors.missed_cluster_mentions) == (2, 2)
    assert errors.missed_by_boundary == 2  # (2, 5) and (7, 9)
    assert errors.spurious_mentions == 4
    assert errors.spurious_by_boundary == 3


def test_singletons():
    key, response = spans("ab", "c", "d"), spans("ab", "c", "e")
    assert count_errors(key, response) == ClusterErrors(
        missed_clusters=1,
        missed_cluster_mentions=1,
        invented_clusters=1,
        invented_cluster_mentions=1,
        right_links=1,
        right_firsts=2,
    )
    without = count_errors(key, response, keep_singletons=False)
    assert without == ClusterErrors(right_links=1, right_firsts=1)


@given(clusterings, clusterings)
def test_every_mention_is_accounted_for(key, response):
    errors = count_errors(key, response)
    alignment = align(key, response)
    found = sum(alignment.overlaps.values())
    assert sum(getattr(errors, name) for name in LINKS) == found
    assert sum(alignment.key_sizes) == (
        found + errors.missed_mentions + errors.missed_cluster_mentions
    )
    assert errors.missed_by_boundary <= errors.missed_mentions + errors.missed_cluster_mentions
    assert sum(alignment.response_sizes) == (
        found + errors.spurious_mentions + errors.invented_cluster_mentions
    )


@given(clusterings, clusterings)
def test_muc_counts_the_same_links(key, response):
    errors = count_errors(key, response)
    kept, links, _, response_links = muc(align(key, response))
    assert links - kept == (
        errors.missed_mentions
        + errors.missed_cluster_mentions
        - errors.missed_clusters
        + errors.splits
    )
    assert response_links - kept == (
        errors.spurious_mentions
        + errors.invented_cluster_mentions
        - errors.invented_clusters
        + errors.merges
    )


@given(clusterings, clusterings)
def test_key_and_response_exchanged(key, response):
    forth = asdict(count_errors(key, response))
    back = asdict(count_errors(response, key))
    for left, right in MIRRORED.items():
        assert (forth[left], forth[right]) == (back[right], back[left])
    # Which of the links are right is a question to the response's alone.
    assert forth["right_links"] + forth["wrong_links"] == (
        back["right_links"] + back["wrong_links"]
    )


@given(clusterings, clusterings)
def test_no_mistake_means_equal(key, response):
    errors = count_errors(key, response)
    none = replace(errors, right_links=0, right_firsts=0) == ClusterErrors()
    assert none == (sorted(key) == sorted(response))
    assert errors.missed_links <= errors.splits
    assert errors.invented_links <= errors.merges
    assert not errors.wrong_links or errors.merges


def test_documents_add_up():
    one = count_errors(spans("abc"), spans("ab"))
    two = count_errors(spans("ab", "cd"), spans("abcd"))
    assert one + two == ClusterErrors(
        missed_mentions=1,
        merged_clusters=1,
        merges=1,
        invented_links=1,
        right_links=3,
        right_firsts=2,
    )


@given(clusterings, clusterings)
def test_mistakes_are_named_as_often_as_they_are_counted(key, response):
    counts = asdict(count_errors(key, response))
    named = [mistake.kind for mistake in mistakes_of(key, response)]
    assert {kind: named.count(kind) for kind in KINDS} == {kind: counts[kind] for kind in KINDS}


def test_what_a_mistake_consists_of():
    key, response = spans("ace", "bd", "fg", "h"), spans("aek", "bcd", "h", "xy")
    named = [
        (kind, ["".join(chr(97 + span.start) for span in group) for group in groups])
        for kind, groups in mistakes_of(key, response)
    ]
    assert named == [
        ("missed_clusters", ["fg"]),
        ("invented_clusters", ["xy"]),
        ("spurious_mentions", ["k"]),
        ("split_clusters", ["ae", "c"]),
        ("merged_clusters", ["bd", "c"]),
        ("wrong_links", ["c", "b", "a"]),
        ("wrong_links", ["d", "c", "b"]),
    ]
