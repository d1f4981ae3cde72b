import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.conll.brackets import (
    BracketReader,
    bracket_labels,
)
from spanbert_allen.formats.coref.mentions import merge_clusters_sharing_mentions


def read(labels):
    """The clusters of a column, as sets of pairs, in the order of their first brackets."""
    reader = BracketReader("f")
    for index, label in enumerate(labels):
        reader.add(index, label, line=10 + index)
    for error in reader.unclosed():
        raise error
    return [[tuple(mention) for mention, _ in group] for group in reader.finish()]


@pytest.mark.parametrize(
    ("labels", "clusters"),
    [
        (["-", "_", ""], []),
        (["(3)", "-", "(3)"], [[(0, 0), (2, 2)]]),
        (["(12", "-", "12)"], [[(0, 2)]]),
        # Nested, of one cluster and of two.
        (["(1|(1", "(1)", "1)", "1)"], [[(1, 1), (0, 2), (0, 3)]]),
        (["(1|(2", "1)", "2)"], [[(0, 1)], [(0, 2)]]),
        # Crossing, of two clusters; across the order of the ids.
        (["(5", "(2", "5)", "2)"], [[(0, 2)], [(1, 3)]]),
        # Left to right: what is closed was opened before this word.
        (["(4", "4)|(4", "4)"], [[(0, 1), (1, 2)]]),
        (["(0", "(0)|0)"], [[(1, 1), (0, 1)]]),
        # Without bars, as files of the official scorer's tests have it.
        (["(1(3", "3)1)", "(1)(3)"], [[(0, 1), (2, 2)], [(0, 1), (2, 2)]]),
        (["(1|(1", "1)|1)"], [[(0, 1), (0, 1)]]),
    ],
)
def test_read(labels, clusters):
    assert read(labels) == clusters


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["(1", "(1", "1)"], r"f:10: the bracket `\(1` opened here never closes; add `1\)`"),
        (["-", "7)"], r"f:11: '7\)' closes a mention of cluster 7, but none is open; add `\(7`"),
        (["(a)"], r"f:10: the last column holds '\(a\)'; it must be `-` or brackets"),
        (["-", "5"], "f:11: the last column holds '5'"),
        (["*"], r"f:10: the last column holds '\*'"),
        (["(1|"], "f:10: the last column holds"),
        (["(1||1)"], "f:10: the last column holds"),
        (["()"], "f:10: the last column holds"),
        (["(-1)"], "f:10: the last column holds"),
        (["(²)"], "f:10: the last column holds"),
    ],
)
def test_what_cannot_be_read(labels, message):
    with pytest.raises(DataError, match=message):
        read(labels)


def test_order_of_brackets():
    clusters = [
        [WordSpan(0, 4), WordSpan(2, 4), WordSpan(4, 4)],
        [WordSpan(1, 4), WordSpan(5, 6)],
        [WordSpan(4, 8), WordSpan(4, 8)],
        [WordSpan(4, 6)],
    ]
    labels = bracket_labels(clusters, 9)
    assert labels == ["(0", "(1", "(0", "-", "0)|1)|0)|(0)|(2|(3", "(1", "1)|3)", "-", "2)"]


def test_crossing_mentions_of_one_cluster_cannot_be_written():
    with pytest.raises(DataError, match="words 1-3 and 3-4 are mentions of one cluster and cross"):
        bracket_labels([[WordSpan(3, 4), WordSpan(0, 9), WordSpan(1, 3)]], 10)


def crosses(one, other):
    return one[0] < other[0] <= one[1] < other[1] or other[0] < one[0] <= other[1] < one[1]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5), st.integers(0, 4)), max_size=25))
def test_written_clusters_are_read_again(drawn):
    clusters: list[set[WordSpan]] = [set() for _ in range(5)]
    for start, length, number in drawn:
        mention = WordSpan(start, start + length)
        if not any(crosses(mention, other) for other in clusters[number]):
            clusters[number].add(mention)
    labels = bracket_labels(clusters, 18)
    again = {frozenset(group) for group in read(labels)}
    assert again == {frozenset(tuple(m) for m in cluster) for cluster in clusters if cluster}


def test_clusters_that_share_a_mention_become_one():
    a, b, c, d, e, f = (WordSpan(i, i) for i in range(6))
    merged, count = merge_clusters_sharing_mentions([[f, a], [b, c], [d], [c, e], [a, e], []])
    # The third cluster touches nobody; the others hang together through c, e and a.
    assert merged == [(a, b, c, e, f), (d,)]
    assert count == 3


@given(st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=4), max_size=8))
def test_merging_gives_connected_components(drawn):
    clusters = [[WordSpan(i, i) for i in group] for group in drawn]
    merged, count = merge_clusters_sharing_mentions(clusters)
    assert count == len(clusters) - len(merged)
    flat = [mention for cluster in merged for mention in cluster]
    assert len(flat) == len(set(flat)) == len({m for cluster in clusters for m in cluster})
    for cluster in clusters:
        assert sum(set(cluster) <= set(whole) for whole in merged) == 1
    # Not joined more than needed: within a merged cluster one gets everywhere by shared mentions.
    for whole in merged:
        reached = {whole[0]}
        for _ in clusters:
            for cluster in clusters:
                if reached & set(cluster):
                    reached |= set(cluster)
        assert reached == set(whole)
