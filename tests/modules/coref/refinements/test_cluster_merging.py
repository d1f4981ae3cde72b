"""Cluster merging: which clusters grow, in which order, and that memory is not the pairs'."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.modules.coref.refinements import ClusterMerging
from spanbert_allen.modules.coref.refinements.growing_clusters import (
    NONE,
    ClusterState,
    GrowingClusters,
    add_vector,
)

NO = float("-inf")
ALL_BEFORE = torch.tensor([[0, 1], [0, 1], [0, 1]])


def never(vectors):
    raise AssertionError("the links are not scored again")


def test_states_of_clusters_as_they_grow():
    clusters = GrowingClusters(6)
    assert clusters.link(1, 0) == [ClusterState(0), ClusterState(1, before=0, before_size=1)]
    assert [clusters.state_of(span) for span in range(6)] == [1, 1, NONE, NONE, NONE, NONE]
    clusters.link(3, 2)
    assert clusters.link(4, 3) == [ClusterState(4, before=3, before_size=2)]
    # A span that is in a cluster already takes another one's vector in; of that one's spans only
    # the antecedent moves over.
    joined = ClusterState(1, 2, joins_as_state=True, before=4, before_size=3)
    assert clusters.link(4, 1) == [joined] and joined.size == 5
    assert [clusters.state_of(span) for span in range(6)] == [1, 5, 5, 5, 5, NONE]
    assert clusters.link(2, 5) == [ClusterState(5, before=5, before_size=5)]


def test_a_cluster_that_merges_with_itself_keeps_its_vector_and_doubles_its_size():
    """What coref-hoi's program does where a span and its antecedent are in clusters already."""
    spans = torch.tensor([[1.0, 0.0], [3.0, 0.0], [0.0, 8.0], [0.0, 4.0]])
    for self_merging, vector, size in ((True, [0.0, 6.0], 4), (False, [1.0, 3.0], 4)):
        clusters = GrowingClusters(4, self_merging=self_merging)
        vectors: list[torch.Tensor] = []
        for span, antecedent in ((1, 0), (3, 2), (3, 1)):
            for state in clusters.link(span, antecedent):
                add_vector(vectors, state, spans, "mean")
        assert vectors[clusters.state_of(3)].tolist() == vector
        assert clusters.states[clusters.state_of(3)].size == size
        # The antecedent has moved over; the first span stays in the cluster as it was.
        assert clusters.state_of(1) == clusters.state_of(3) == clusters.state_of(2)
        assert vectors[clusters.state_of(0)].tolist() == [2.0, 0.0]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 6)), max_size=12), st.integers(0, 99))
def test_means_are_those_of_all_that_joined(links, seed):
    """What a state says of how it came about gives the same mean as counting its spans."""
    spans = torch.randn(8, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    clusters = GrowingClusters(8)
    vectors, counts = [], []
    for span, antecedent in links:
        for state in clusters.link(max(span, antecedent + 1), antecedent):
            add_vector(vectors, state, spans, "mean")
            count = torch.zeros(8, dtype=torch.float64)
            if state.joins_as_state:
                count += counts[state.joining]
            else:
                count[state.joining] += 1
            counts.append(count + (counts[state.before] if state.before != NONE else 0))
    for state, vector, count in zip(clusters.states, vectors, counts, strict=True):
        assert state.size == count.sum()
        torch.testing.assert_close(vector, count @ spans / count.sum())


def make(**options) -> ClusterMerging:
    """A scorer that gives 1 for joining any cluster."""
    merging = ClusterMerging(2, hidden_dim=3, feature_size=2, dropout=0.5, **options)
    with torch.no_grad():
        for parameter in merging.parameters():
            parameter.zero_()
        merging.feedforward.output.bias.fill_(1.0)
    return merging.eval()


def test_only_links_to_clusters_are_raised():
    spans = torch.eye(3)[:, :2]
    # The second goes to the first; so the third may go to either as to their cluster.
    scores = torch.tensor([[NO, NO], [0.5, NO], [-0.5, -0.25]])
    refined = make()(spans, scores, ALL_BEFORE, never)
    assert refined.scores.tolist() == [[NO, NO], [0.5, NO], [0.5, 0.75]]
    assert refined.also_trained is None
    # If it does not, there is no cluster.
    scores = torch.tensor([[NO, NO], [-0.5, NO], [-0.5, -0.25]])
    assert make()(spans, scores, ALL_BEFORE, never).scores.tolist() == scores.tolist()


def test_easy_spans_go_first():
    spans = torch.eye(3)[:, :2]
    scores = torch.tensor([[NO, NO], [-0.5, NO], [2.0, -3.0]])
    assert make()(spans, scores, ALL_BEFORE, never).scores[1].tolist() == [-0.5, NO]
    # The third span has joined the first by the time that the second has its turn.
    found = make(easy_first=True)(spans, scores, ALL_BEFORE, never).scores
    assert found.tolist() == [[NO, NO], [0.5, NO], [2.0, -3.0]]


def test_training_has_dropout_and_decides_without():
    torch.manual_seed(0)
    merging = make(train_both=True)
    with torch.no_grad():
        for parameter in merging.parameters():
            parameter.copy_(torch.randn_like(parameter))
    spans = torch.randn(9, 2)
    indices = torch.arange(9).unsqueeze(0).expand(9, 9)
    scores = torch.randn(9, 9).masked_fill(torch.ones(9, 9).triu().bool(), NO)
    plain = merging(spans, scores, indices, never).scores
    merging.train()
    dropped = [merging(spans, scores, indices, never) for _ in range(2)]
    assert merging.training and merging.dropout.training
    assert torch.equal(dropped[0].also_trained, scores)
    changed = [found.scores[plain != scores] for found in dropped]
    assert not torch.equal(*changed)
    # Which links are raised is decided in the same way each time.
    for found in dropped:
        assert torch.equal(found.scores[plain == scores], scores[plain == scores])


def test_no_spans_and_no_antecedents():
    merging = make()
    for num_spans in (0, 1):
        empty = torch.zeros(num_spans, 0)
        found = merging(torch.zeros(num_spans, 2), empty, empty.long(), never)
        assert found.scores.shape == (num_spans, 0)
