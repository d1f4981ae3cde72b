"""What torch compiles: in one graph, and seldom again, however long texts are."""

from __future__ import annotations

import pytest
import torch
from torch._dynamo.utils import counters

from spanbert_allen.modules.coref.antecedents.pair_features import PairFeatures, SpanContext
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.fast_linear import use_fast_linear
from spanbert_allen.modules.layers.feedforward_scorer import FeedForwardScorer
from spanbert_allen.modules.layers.unit_projection import UnitProjection

MOST_RECOMPILATIONS = 2
LENGTHS = ([5], [9], [13, 4], [20, 20], [7, 6, 5], [30], [11, 11, 11], [17, 3], [25], [8, 8])
"""Those of the segments of ten batches."""


@pytest.fixture(autouse=True)
def _nothing_compiled():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()
    counters.clear()


def assert_compiled_whole():
    assert not counters["graph_break"]
    assert 1 <= counters["stats"]["unique_graphs"] <= 1 + MOST_RECOMPILATIONS


@pytest.mark.slow
def test_the_encoder_is_one_graph_for_ten_lengths():
    embedder, expected = SpanbertEmbedder("tiny").eval(), SpanbertEmbedder("tiny").eval()
    for one in (embedder, expected):  # one layer is traced as all are
        one.encoder.encoder.layer = one.encoder.encoder.layer[:1]
    embedder.encoder.compile(backend="eager", dynamic=True)
    for lengths in LENGTHS:
        widest = max(lengths)
        segment_ids = torch.full((len(lengths), widest), -1)
        for row, length in enumerate(lengths):
            segment_ids[row, :length] = 0
        token_ids = torch.randint(10, 200, segment_ids.shape)
        with torch.no_grad():
            vectors = embedder.encode(token_ids, segment_ids)
            torch.testing.assert_close(vectors, expected.encode(token_ids, segment_ids))
    assert_compiled_whole()


PARTS = {
    "unit projection": (
        lambda: UnitProjection(8, 6, 0.3),
        lambda size: (torch.randn(size, 8),),
    ),
    "feed-forward scorer": (
        lambda: FeedForwardScorer((4, 4), hidden_dim=6, num_layers=2),
        lambda size: (torch.randn(size, 8),),
    ),
    "pair features": (
        lambda: PairFeatures(feature_size=3),
        lambda size: (
            torch.arange(size) + 1,
            torch.arange(size),
            SpanContext(torch.zeros(size + 1).long(), torch.zeros(size + 1).long(), 0),
        ),
    ),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_scorer_is_one_graph_for_ten_lengths(name, training):
    make, inputs_of = PARTS[name]
    part = make().train(training)
    use_fast_linear(part)
    compiled = torch.compile(part, backend="eager", dynamic=True)
    for size in range(20, 30):
        compiled(*inputs_of(size))
    assert_compiled_whole()
