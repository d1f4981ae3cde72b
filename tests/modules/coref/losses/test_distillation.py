"""The loss of distillation against loops over single antecedents, in float64."""

from __future__ import annotations

import math

import pytest
import torch

from spanbert_allen.modules.coref.distillation import _looked_up
from spanbert_allen.modules.coref.losses.distillation import distillation_loss
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.scored_links import ScoredLinks

NONE = -math.inf
# The student has five spans, the teacher four of them, in other places; both keep two antecedents.
STUDENT = [[NONE, NONE], [0.5, NONE], [1.0, -2.0], [0.3, 0.7], [2.0, -1.0]]
STUDENT_ANTECEDENTS = [[0, 0], [0, 0], [0, 1], [2, 1], [3, 0]]
PLACES = [0, 1, -1, 2, 3]
TEACHER = [[NONE, NONE], [3.0, NONE], [-1.0, 2.0], [0.25, 4.0]]
TEACHER_ANTECEDENTS = [[0, 0], [0, 0], [1, 0], [2, 1]]


def teacher() -> ScoredLinks:
    scores = torch.tensor(TEACHER, dtype=torch.float64)
    places = torch.arange(4)
    spans = SpanCandidates(places, places)
    antecedents = torch.tensor(TEACHER_ANTECEDENTS)
    return ScoredLinks(spans, scores[:, 0], antecedents, scores, spans, scores[:, 0])


def softmax(scores: dict, temperature: float) -> dict:
    powers = {key: math.exp(score / temperature) for key, score in scores.items()}
    return {key: power / sum(powers.values()) for key, power in powers.items()}


def naive_loss(temperature: float) -> float:
    loss = 0.0
    for span, place in enumerate(PLACES):
        if place < 0:
            continue
        rows = zip(TEACHER_ANTECEDENTS[place], TEACHER[place], strict=True)
        of_teacher = {None: 0.0} | {PLACES.index(j): score for j, score in rows if score > NONE}
        shares = softmax(of_teacher, temperature)
        rows = zip(STUDENT_ANTECEDENTS[span], STUDENT[span], strict=True)
        of_student = {None: 0.0} | {j: score for j, score in rows if score > NONE}
        chances = softmax(of_student, temperature)
        both = [key for key in chances if key in shares]
        total = sum(shares[key] for key in both)
        divergence = sum(
            shares[key] / total * math.log(shares[key] / total / chances[key]) for key in both
        )
        loss += temperature**2 * total * divergence
    return loss


@pytest.mark.parametrize("temperature", [1.0, 2.0, 0.5])
def test_the_loss_is_that_of_single_antecedents(temperature):
    targets = _looked_up(
        teacher(), torch.tensor(PLACES), torch.tensor(STUDENT_ANTECEDENTS), temperature
    )
    scores = torch.tensor(STUDENT, dtype=torch.float64, requires_grad=True)
    loss = distillation_loss(scores, targets, temperature=temperature)
    assert loss.item() == pytest.approx(naive_loss(temperature), abs=1e-9)
    loss.backward()
    assert scores.grad.isfinite().all()
    # A span that the teacher does not have is taught nothing.
    assert scores.grad[2].abs().max() == 0 and scores.grad[4].abs().max() > 1e-4


def test_a_student_that_says_what_its_teacher_says_loses_nothing():
    targets = _looked_up(teacher(), torch.arange(4), torch.tensor(TEACHER_ANTECEDENTS), 2.0)
    scores = torch.tensor(TEACHER, dtype=torch.float64)
    assert distillation_loss(scores, targets, temperature=2.0).item() == pytest.approx(0, abs=1e-12)
