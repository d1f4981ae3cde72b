"""Light scorers against their formulas written out, in float64, and what they promise."""

import pytest
import torch
from allennlp.common import Lazy, Params
from torch.utils._python_dispatch import TorchDispatchMode

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents import blocks as antecedent_blocks
from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.antecedents.pair_features import FEATURES, SpanContext
from spanbert_allen.modules.coref.antecedents.pair_scores import PairScores
from spanbert_allen.modules.coref.head import CorefHead
from spanbert_allen.modules.coref.losses.marginal import marginal_loss
from spanbert_allen.modules.coref.mentions import biaffine as biaffine_mentions
from spanbert_allen.modules.coref.mentions import feedforward as feedforward_mentions
from spanbert_allen.modules.coref.mentions import representation as span_representation
from spanbert_allen.modules.coref.mentions.biaffine import BiaffineMentions
from spanbert_allen.modules.coref.mentions.feedforward import FeedForwardMentions
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.refinements import (
    AttendedAntecedent,
    ClusterMerging,
    SpanClustering,
)
from spanbert_allen.modules.coref.settings import ScorerSettings
from tests.modules.coref import naive_light_coref
from tests.modules.coref.heads import head_of
from tests.modules.coref.test_head import DIM, gold_links, make_document

VARIANTS = {
    "all features": {},
    "refined": {"refinement": Lazy(AttendedAntecedent)},
    "distance only": {"features": ["distance"], "width_prior": False},
    "no features, crossing": {"features": [], "allow_crossing": True},
    "few antecedents": {"max_antecedents": 3},
    "head words": {"links": Lazy(BilinearAntecedents, constructor_extras={"head_word": True})},
    "head words, refined": {
        "links": Lazy(BilinearAntecedents, constructor_extras={"head_word": True}),
        "refinement": Lazy(AttendedAntecedent),
    },
    "fine scores": {"links": Lazy(BilinearAntecedents, constructor_extras={"fine_dim": 3})},
    "head words, fine scores, few antecedents, refined": {
        "links": Lazy(BilinearAntecedents, constructor_extras={"head_word": True, "fine_dim": 3}),
        "max_antecedents": 3,
        "refinement": Lazy(AttendedAntecedent),
    },
    "feed-forward mentions, head words, fine scores": {
        "mentions": Lazy(FeedForwardMentions),
        "links": Lazy(BilinearAntecedents, constructor_extras={"head_word": True, "fine_dim": 3}),
    },
    "fine scores without features": {
        "links": Lazy(BilinearAntecedents, constructor_extras={"fine_dim": 3}),
        "features": [],
    },
}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    """Chunks so small that every loop over them runs several times."""
    monkeypatch.setattr(biaffine_mentions, "_CANDIDATES_PER_CHUNK", 7)
    monkeypatch.setattr(biaffine_mentions, "_UNITS_PER_CHUNK", 5)
    monkeypatch.setattr(antecedent_blocks, "_ROWS_PER_CHUNK", 5)


def make_head(**knobs) -> CorefHead:
    torch.manual_seed(5)
    options = {
        "mentions": Lazy(BiaffineMentions),
        "links": Lazy(BilinearAntecedents),
        "max_span_width": 4,
        "hidden_dim": 5,
        "num_genres": 3,
        "kept_per_unit": 0.8,
        **knobs,
    }
    head = head_of(DIM, **options).double().eval()
    with torch.no_grad():
        for parameter in head.parameters():  # far from ties, biases included
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return head


@pytest.mark.parametrize("variant", VARIANTS)
def test_spans_antecedents_scores_and_gradients_are_the_formulas(variant):
    head, document = make_head(**VARIANTS[variant]), make_document()
    results = []
    for naive in (False, True):
        vectors = document.vectors.clone().requires_grad_()
        leaf = document._replace(vectors=vectors)
        if naive:
            spans, mention_scores, full = naive_light_coref.links(head, leaf)
            starts = torch.tensor([start for start, _ in spans])
            loss = naive_light_coref.naive_coref.marginal_loss(full, gold_links(starts))
        else:
            found = head(leaf)
            mention_scores = found.mention_scores
            spans = list(zip(*(column.tolist() for column in found.spans), strict=True))
            gold = gold_links(found.spans.starts).gather(1, found.antecedents)
            loss = marginal_loss(found.scores, gold & found.scores.isfinite())
            size = len(spans)
            full = torch.full((size, size), float("-inf"), dtype=torch.float64)
            for row, (columns, scores) in enumerate(
                zip(found.antecedents.tolist(), found.scores.tolist(), strict=True)
            ):
                for column, score in zip(columns, scores, strict=True):
                    if score > float("-inf"):
                        full[row, column] = score
        loss = loss + mention_scores.sum() * 0.1
        head.zero_grad()
        loss.backward()
        grads = {name: parameter.grad for name, parameter in head.named_parameters()}
        results.append((spans, full.detach(), loss.detach(), vectors.grad, grads))
    ours, theirs = results
    assert ours[0] == theirs[0]
    assert len(ours[0]) > 4
    for mine, naive in zip(ours[1:4], theirs[1:4], strict=True):
        torch.testing.assert_close(mine, naive)
    for name, gradient in ours[4].items():
        assert gradient is not None, name
        torch.testing.assert_close(gradient, theirs[4][name], msg=name)


@pytest.mark.parametrize("features", [FEATURES, ["segment", "speaker"], ["genre"], []])
def test_feature_scores_of_a_block_are_those_of_its_pairs(features):
    torch.manual_seed(1)
    scores = PairScores(features, num_genres=2, max_segments=3)
    torch.nn.init.normal_(scores.features.embeddings["genre"].weight) if "genre" in features else 0
    context = SpanContext(
        speaker_ids=torch.randint(0, 3, (90,)),
        segment_ids=torch.arange(90) // 20,
        genre_id=1,
    )
    rows, columns = torch.meshgrid(torch.arange(70, 90), torch.arange(90), indexing="ij")
    before = columns < rows
    block = scores.block(70, 90, 90, context)
    pairs = scores(rows, columns, context)
    assert block.shape == pairs.shape == (20, 90)
    torch.testing.assert_close(block[before], pairs[before])


@pytest.mark.parametrize("num_units", [0, 1, 2, 3])
def test_documents_of_almost_nothing(num_units):
    head = make_head(kept_per_unit=0.4)
    found = head(make_document(num_units))
    assert found.spans.starts.numel() == int(0.4 * num_units)
    assert found.scores.shape[0] == int(0.4 * num_units)
    assert not found.scores.isfinite().any()


class LargestTensor(TorchDispatchMode):
    """The most numbers that any operation gave."""

    most = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        for tensor in output if isinstance(output, tuple | list) else [output]:
            if isinstance(tensor, torch.Tensor):
                self.most = max(self.most, tensor.numel())
        return output


def test_neither_all_pairs_of_units_nor_all_pairs_of_spans_are_ever_held():
    head = make_head(max_antecedents=6, kept_per_unit=0.5, allow_crossing=True)
    document = make_document(400)
    vectors = document.vectors.requires_grad_()
    with LargestTensor() as largest:
        found = head(document._replace(vectors=vectors))
        found.scores[found.scores.isfinite()].sum().backward()
    num_spans = found.spans.starts.numel()
    assert num_spans == 200
    assert largest.most < num_spans**2 / 8


def test_candidates_that_lie_far_apart_make_no_large_square(monkeypatch):
    monkeypatch.setattr(biaffine_mentions, "_CANDIDATES_PER_CHUNK", 2048)
    monkeypatch.setattr(biaffine_mentions, "_UNITS_PER_CHUNK", 100)
    torch.manual_seed(1)
    scorer = BiaffineMentions(3, ScorerSettings(max_span_width=4, hidden_dim=2)).eval()
    vectors = torch.randn(4000, 3)
    starts = torch.arange(0, 4000, 40)
    with LargestTensor() as largest, torch.no_grad():
        scores = scorer(vectors, SpanCandidates(starts, starts + 1), None)
    assert largest.most <= vectors.numel()
    with torch.no_grad():
        alone = [
            scorer(vectors[i : i + 2], SpanCandidates(torch.tensor([0]), torch.tensor([1])), None)
            for i in starts.tolist()
        ]
    torch.testing.assert_close(scores, torch.cat(alone))


def test_given_mentions_that_lie_far_apart_make_no_large_table(monkeypatch):
    monkeypatch.setattr(feedforward_mentions, "_UNITS_PER_CHUNK", 100)
    monkeypatch.setattr(span_representation, "_SPANS_PER_CHUNK", 16)
    head = make_head(mentions=Lazy(FeedForwardMentions))
    scorer, spans, vectors = (
        head.mention_scorer,
        head.span_representation,
        make_document(4000).vectors,
    )
    starts = torch.arange(0, 4000, 40)
    with LargestTensor() as largest, torch.no_grad():
        given = SpanCandidates(starts, starts + 2)
        scores, represented = scorer(vectors, given, spans), spans(vectors, given)
    assert largest.most <= len(vectors)
    with torch.no_grad():
        first = SpanCandidates(torch.tensor([0]), torch.tensor([2]))
        alone = [vectors[i : i + 3] for i in starts.tolist()]
        torch.testing.assert_close(scores, torch.cat([scorer(v, first, spans) for v in alone]))
        torch.testing.assert_close(represented, torch.cat([spans(v, first) for v in alone]))


@pytest.mark.parametrize("refinement", [AttendedAntecedent, ClusterMerging, SpanClustering])
def test_scores_are_float32_under_mixed_precision(refinement):
    head = make_head(refinement=Lazy(refinement)).float()
    with torch.no_grad():
        for parameter in head.parameters():  # so large that there are links
            parameter.mul_(20)
    document = make_document()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        links = head(document._replace(vectors=document.vectors.float()))
        links.scores[links.scores.isfinite()].sum().backward()
    scores = (links.scores, links.mention_scores, links.candidate_scores)
    assert {tensor.dtype for tensor in scores} == {torch.float32}


def test_light_scorers_need_no_span_vectors_and_mix_with_the_published():
    light = make_head()
    assert light.span_representation is None
    assert not [name for name, _ in light.named_parameters() if "span_representation" in name]
    for knobs in ({"mentions": light_type("mentions")}, {"links": light_type("links")}):
        params = Params({"feature_size": 3, **knobs})
        mixed = CorefHead.from_params(params, dim=DIM).double()
        found = mixed(make_document())
        found.scores[found.scores.isfinite()].sum().backward()
        unused = [name for name, p in mixed.named_parameters() if p.grad is None]
        assert not unused


def light_type(part: str) -> dict:
    return {
        "mentions": {"type": "spanbert_biaffine_mentions"},
        "links": {"type": "spanbert_bilinear_links", "hidden_dim": 3},
    }[part]


def test_unknown_features_are_refused():
    with pytest.raises(ConfigError, match=r"model\.head\.features"):
        make_head(features=["distance", "colour"])
