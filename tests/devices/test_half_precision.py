"""What a GPU computes in float16: scores of +-30,000, which it can hold, and their sums beyond."""

from __future__ import annotations

import pytest
import torch

from spanbert_allen.modules.coref.antecedents.coarse import CoarseAntecedents
from spanbert_allen.modules.coref.decoder import decode
from spanbert_allen.modules.coref.losses import LinkLoss
from spanbert_allen.modules.coref.losses.mention import mention_loss
from spanbert_allen.modules.coref.mentions.representation import span_attention
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.refinements import Refinement
from spanbert_allen.modules.coref.refinements.gated_refinement import GatedRefinement, with_none
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.encoder.bert import added_mask
from spanbert_allen.modules.qa.windows import AnswerWindows, answer_loss
from tests.devices.cases import parts_of

LARGE = 30_000.0
NONE = float("-inf")
SCORES = torch.tensor(
    [
        [NONE, NONE, NONE],
        [LARGE, NONE, NONE],
        [-LARGE, LARGE, NONE],
        [-LARGE, -LARGE, 0.5],
        [LARGE, -LARGE, 3.0],
        [0.25, -0.5, 1.5],
    ]
)
ANTECEDENTS = torch.tensor([[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0], [3, 2, 1], [4, 3, 2]])
GOLD = torch.tensor(
    [
        [False, False, False],
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [False, True, False],
        [False, False, True],
    ]
)


def links_of(scores):
    places = torch.arange(len(scores))
    spans = SpanCandidates(places, places)
    mention_scores = scores.new_full((len(scores),), LARGE)
    return ScoredLinks(spans, mention_scores, ANTECEDENTS, scores, spans, mention_scores)


def decoded(scores):
    found = decode(links_of(scores), torch.arange(len(scores)))
    numbers = [*found.link_scores, *found.link_probabilities]
    return torch.tensor([one or 0.0 for row in numbers for one in row])


def answers(scores):
    windows = AnswerWindows(
        logits=torch.stack([scores, scores.flip(1)], dim=-1),
        mask=torch.ones(scores.shape, dtype=torch.bool),
        passage_pieces=torch.zeros(scores.shape, dtype=torch.long),
    )
    return answer_loss(windows, torch.tensor([[1, 1]] * len(scores)), over_everything=False)


FINITE = SCORES.clamp(min=-LARGE)
COMPUTATIONS = {
    **{
        name: lambda scores, name=name: LinkLoss.by_name(name)()(scores, GOLD)
        for name in parts_of(LinkLoss)
    },
    "mention loss": lambda scores: mention_loss(scores.clamp(min=-LARGE).flatten(), GOLD.flatten()),
    "softmax over antecedents": lambda scores: with_none(scores).softmax(1),
    "links": decoded,
    "answers": lambda scores: answers(scores.clamp(min=-LARGE)),
    "attention of a span": lambda scores: span_attention(
        scores[5].repeat(2) * LARGE / 2, torch.tensor([0, 2, 3]), torch.tensor([0, 4, 5])
    ),
    "zero-filled attention of a span": lambda scores: span_attention(
        scores[5].repeat(2), torch.tensor([0, 2, 3]), torch.tensor([0, 4, 5]), zero_filled_to=6
    ),
    "masked attention": lambda scores: (
        scores[2:, :1] + added_mask(GOLD[2:] | GOLD[2:].roll(1, 1))[:, 0, 0].to(scores.dtype)
    ).softmax(-1),
}


@pytest.mark.parametrize("name", COMPUTATIONS)
def test_float16_gives_what_float32_does(name):
    """Both begin with the same numbers, those that float16 can hold."""
    scores = SCORES.half()
    result = COMPUTATIONS[name](scores).float()
    expected = COMPUTATIONS[name](scores.float())
    assert result.isfinite().all()
    torch.testing.assert_close(result, expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", parts_of(Refinement))
def test_a_refinement_under_float16_gives_what_it_does_under_float32(name):
    torch.manual_seed(0)
    refinement = Refinement.by_name(name)(8).eval()
    vectors = torch.randn(len(SCORES), 8)
    scores = SCORES / 10_000
    with torch.no_grad():
        expected = refinement(vectors, scores, ANTECEDENTS, lambda new: scores * new.sum())
        with torch.autocast("cpu", dtype=torch.float16):
            found = refinement(
                vectors.half(), scores, ANTECEDENTS, lambda new: scores * new.float().sum()
            )
    torch.testing.assert_close(found.scores, expected.scores, rtol=0.02, atol=0.02)


def test_coarse_scores_beyond_float16_are_finite():
    coarse = CoarseAntecedents(512, max_antecedents=3, distance_prior=False).eval()
    with torch.no_grad():
        coarse.projection.weight.copy_(torch.eye(512))
        coarse.projection.bias.zero_()
        vectors = torch.full((6, 512), 16.0) * torch.tensor([1, -1, 1, 0.5, 1, -1])[:, None]
        expected = coarse(vectors, torch.zeros(6))
        with torch.autocast("cpu", dtype=torch.float16):
            found = coarse(vectors, torch.zeros(6))
    assert expected.scores.max() > torch.finfo(torch.float16).max
    torch.testing.assert_close(found.scores, expected.scores, rtol=2e-3, atol=0)


@pytest.mark.parametrize("scalar_gate", [False, True])
def test_a_gate_of_large_vectors_is_finite_in_float16(scalar_gate):
    gate = GatedRefinement(4, scalar_gate=scalar_gate)
    large = torch.tensor([[LARGE, -LARGE, 1.0, 0.0], [-LARGE, LARGE, -1.0, 0.5]])
    with torch.no_grad():
        expected = gate._mix(large, large.flip(0))
        with torch.autocast("cpu", dtype=torch.float16):
            mixed = gate._mix(large.half(), large.flip(0).half())
    assert mixed.isfinite().all()
    torch.testing.assert_close(mixed.float(), expected, rtol=0.01, atol=32.0)
