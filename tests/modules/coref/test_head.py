"""The decomposed and chunked head against the formulas written out, in float64."""

import pytest
import torch
from allennlp.common import Lazy

from spanbert_allen.modules.coref.antecedents import blocks as antecedent_blocks
from spanbert_allen.modules.coref.antecedents import pair_scorer as antecedent_scorer
from spanbert_allen.modules.coref.antecedents.coarse_to_fine import CoarseToFineAntecedents
from spanbert_allen.modules.coref.antecedents.nearest import NearestAntecedents
from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
from spanbert_allen.modules.coref.losses.marginal import marginal_loss
from spanbert_allen.modules.coref.mentions import feedforward as feedforward_mentions
from spanbert_allen.modules.coref.mentions import representation as span_representation
from spanbert_allen.modules.coref.mentions.feedforward import FeedForwardMentions
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.refinements import (
    AttendedAntecedent,
    ClusterMerging,
    MaxAntecedent,
    SpanClustering,
    attended_antecedent,
    cluster_merging,
    gated_refinement,
)
from tests.modules.coref import naive_coref
from tests.modules.coref.heads import head_of

DIM = 6

VARIANTS = {
    "as published": {},
    "attended antecedent": {"refinement": Lazy(AttendedAntecedent)},
    "attended antecedent twice": {"refinement": Lazy(AttendedAntecedent, times=2)},
    "max antecedent": {"refinement": Lazy(MaxAntecedent)},
    "span clustering": {"refinement": Lazy(SpanClustering, times=2)},
    "cluster merging": {"refinement": Lazy(ClusterMerging, hidden_dim=7, feature_size=3)},
    "cluster merging, max, easy first": {
        "refinement": Lazy(
            ClusterMerging, hidden_dim=7, feature_size=3, reduce="max", easy_first=True
        )
    },
    "cluster merging, easy first, two layers": {
        "refinement": Lazy(
            ClusterMerging, hidden_dim=7, feature_size=3, num_layers=2, easy_first=True
        )
    },
    "cluster merging, easy first, as coref-hoi's program": {
        "refinement": Lazy(
            ClusterMerging, hidden_dim=7, feature_size=3, easy_first=True, self_merging=True
        )
    },
    "two layers in the width prior": {
        "mentions": Lazy(FeedForwardMentions, prior_layers=2),
        "num_layers": 2,
    },
    "as AllenNLP's": {
        "num_layers": 2,
        "allow_crossing": True,
        "max_kept": None,
        "uncounted_units": 2,
        "zero_filled_attention": True,
        "width_prior": False,
        "distance_prior": False,
        "features": ["distance"],
        "links": Lazy(CoarseToFineAntecedents, project_antecedents=True),
        "refinement": Lazy(AttendedAntecedent, scalar_gate=True),
    },
    "nearest antecedents": {"links": Lazy(NearestAntecedents), "max_antecedents": 6},
    "few antecedents": {"max_antecedents": 3},
    "capped": {"max_kept": 7},
    "no features": {"features": []},
}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    """Chunks so small that every loop over them runs several times."""
    monkeypatch.setattr(feedforward_mentions, "_CANDIDATES_PER_BLOCK", 19)
    monkeypatch.setattr(feedforward_mentions, "_CANDIDATES_PER_CHUNK", 7)
    monkeypatch.setattr(feedforward_mentions, "_UNITS_PER_CHUNK", 3)
    monkeypatch.setattr(span_representation, "_SPANS_PER_CHUNK", 4)
    monkeypatch.setattr(span_representation, "_UNITS_PER_SPAN", 1)
    monkeypatch.setattr(antecedent_blocks, "_ROWS_PER_CHUNK", 5)
    monkeypatch.setattr(gated_refinement, "_ROWS_PER_CHUNK", 5)
    for module in (antecedent_scorer, attended_antecedent, cluster_merging):
        monkeypatch.setattr(module, "_PAIRS_PER_CHUNK", 17)


def make_head(**knobs) -> CorefHead:
    torch.manual_seed(5)
    options = {
        "max_span_width": 4,
        "hidden_dim": 9,
        "feature_size": 3,
        "max_antecedents": 50,
        "num_genres": 3,
        "kept_per_unit": 0.8,
        **knobs,
    }
    head = head_of(DIM, **options).double().eval()
    with torch.no_grad():
        for parameter in head.parameters():  # far from ties, biases included
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return head


def make_document(num_units: int = 24, **fields) -> DocumentUnits:
    generator = torch.Generator().manual_seed(num_units)

    def rising(step: float) -> torch.Tensor:
        return (torch.rand(num_units, generator=generator) < step).long().cumsum(0)

    return DocumentUnits(
        vectors=torch.randn(num_units, DIM, generator=generator, dtype=torch.float64),
        sentence_ids=rising(0.2),
        segment_ids=rising(0.15),
        speaker_ids=torch.randint(0, 3, (num_units,), generator=generator),
        genre_id=2,
        **fields,
    )


def gold_links(spans: torch.Tensor) -> torch.Tensor:
    """Spans that "corefer": those whose start leaves the same remainder, but for one remainder."""
    clusters = spans % 3
    return (clusters.unsqueeze(1) == clusters.unsqueeze(0)) & (clusters != 0).unsqueeze(1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_spans_antecedents_and_scores_are_the_formulas(variant):
    head, document = make_head(**VARIANTS[variant]), make_document()
    with torch.no_grad():
        found = head(document)
        spans, mention_scores, full = naive_coref.links(head, document)
    assert list(zip(*(column.tolist() for column in found.spans), strict=True)) == spans
    assert len(spans) > 4
    torch.testing.assert_close(found.mention_scores, mention_scores)
    dense = torch.full_like(full, float("-inf")).scatter(1, found.antecedents, found.scores)
    torch.testing.assert_close(dense.masked_fill(full.isinf(), float("-inf")), full)
    assert found.scores.isfinite().sum() == full.isfinite().sum()


@pytest.mark.parametrize("variant", VARIANTS)
def test_loss_and_gradients_are_the_formulas(variant):
    head, document = make_head(**VARIANTS[variant]), make_document()
    results = []
    for naive in (False, True):
        vectors = document.vectors.clone().requires_grad_()
        leaf = document._replace(vectors=vectors)
        if naive:
            spans, mention_scores, full = naive_coref.links(head, leaf)
            starts = torch.tensor([start for start, _ in spans])
            loss = naive_coref.marginal_loss(full, gold_links(starts))
        else:
            found = head(leaf)
            mention_scores = found.mention_scores
            gold = gold_links(found.spans.starts).gather(1, found.antecedents)
            loss = marginal_loss(found.scores, gold & found.scores.isfinite())
        loss = loss + mention_scores.sum() * 0.1
        head.zero_grad()
        loss.backward()
        results.append(
            (loss.detach(), vectors.grad, {n: p.grad for n, p in head.named_parameters()})
        )
    (loss, vector_grad, grads), (naive_loss, naive_vector_grad, naive_grads) = results
    torch.testing.assert_close(loss, naive_loss)
    torch.testing.assert_close(vector_grad, naive_vector_grad)
    for name, gradient in grads.items():
        assert gradient is not None, name
        torch.testing.assert_close(gradient, naive_grads[name], msg=name)


def test_spans_begin_and_end_where_they_may():
    document = make_document(may_start=torch.arange(24) % 2 == 0, may_end=torch.arange(24) % 3 == 1)
    head = make_head()
    with torch.no_grad():
        found = head(document)
        spans, _, _ = naive_coref.links(head, document)
    assert list(zip(*(column.tolist() for column in found.spans), strict=True)) == spans
    assert all(start % 2 == 0 and end % 3 == 1 for start, end in spans)


@pytest.mark.parametrize("num_units", [0, 1, 2, 3])
def test_documents_of_almost_nothing(num_units):
    head = make_head(kept_per_unit=0.4)
    found = head(make_document(num_units))
    assert found.spans.starts.numel() == int(0.4 * num_units)
    assert found.scores.shape[0] == int(0.4 * num_units)
    assert not found.scores.isfinite().any()


def test_dropout_is_the_same_when_a_chunk_is_computed_again():
    """A gradient through chunks that drew other masks again would not be the loss's own slope."""
    head, document = make_head().train(), make_document()
    vectors = document.vectors.clone().requires_grad_()

    def loss(vectors: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        found = head(document._replace(vectors=vectors))
        return found.scores[found.scores.isfinite()].sum()

    loss(vectors).backward()
    direction = torch.randn_like(vectors)
    step = 1e-6
    with torch.no_grad():
        slope = (loss(vectors + step * direction) - loss(vectors - step * direction)) / (2 * step)
    torch.testing.assert_close((vectors.grad * direction).sum(), slope, rtol=1e-4, atol=1e-4)


def test_a_tie_keeps_the_earlier_span():
    head = make_head()
    with torch.no_grad():
        for parameter in head.mention_scorer.parameters():
            parameter.zero_()
        found = head(make_document())
    spans = naive_coref.candidates(make_document().sentence_ids.tolist(), 4)
    kept = naive_coref.keep(spans, torch.zeros(len(spans)), 19, allow_crossing=False)
    assert list(zip(*(column.tolist() for column in found.spans), strict=True)) == [
        spans[k] for k in kept
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_and_softmax_are_float32_under_mixed_precision(variant, monkeypatch):
    weights = []
    attention = span_representation.span_attention

    def watched(*arguments, **knobs):
        weights.append(attention(*arguments, **knobs))
        return weights[-1]

    monkeypatch.setattr(span_representation, "span_attention", watched)
    head = make_head(**VARIANTS[variant]).float()
    document = make_document()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        links = head(document._replace(vectors=document.vectors.float()))
    scores = (links.scores, links.mention_scores, links.candidate_scores)
    assert {tensor.dtype for tensor in (*scores, *weights)} == {torch.float32}


def test_weights_of_the_first_version_load():
    head = make_head()
    new = head.state_dict()
    old = {
        name.replace("link_scorer.", "") if "gate" not in name else name: tensor
        for name, tensor in new.items()
    }
    assert "antecedent_scorer.feedforward.first.weight" in old
    loaded = make_head()
    with torch.no_grad():
        for parameter in loaded.parameters():
            parameter.zero_()
    loaded.load_state_dict(old)
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(tensor, new[name], msg=name)


@pytest.mark.parametrize("input_dropout", [None, 0.0])
def test_what_networks_are_given_has_a_dropout_of_its_own(input_dropout):
    head = make_head(dropout=0.5, input_dropout=input_dropout).train()
    document = make_document()
    candidates = SpanCandidates(torch.arange(9), torch.arange(9) + 1)
    context = SpanContext(document.speaker_ids[:9], document.segment_ids[:9], 0)

    def coarse_scores() -> torch.Tensor:
        vectors = head.span_representation(document.vectors, candidates)
        return head.link_scorer.choose(vectors, torch.zeros(9), context).scores

    assert torch.equal(coarse_scores(), coarse_scores()) == (input_dropout == 0)
    mention_scores = [
        head.mention_scorer(document.vectors, candidates, head.span_representation)
        for _ in range(2)
    ]
    assert not torch.equal(*mention_scores)
