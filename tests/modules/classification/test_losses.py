"""The losses of classification against loops in float64."""

from __future__ import annotations

import math

import pytest
import torch
from allennlp.common import Params

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.classification.losses import ClassLoss, CrossEntropyLoss, FocalLoss

WEIGHTS = [0.5, 2.0, 1.0]
LABELS = [2, 0, -1, 1, 1]


def some_logits() -> torch.Tensor:
    return torch.randn(len(LABELS), 3, generator=torch.Generator().manual_seed(1)) * 3


def naive(name: str, logits: torch.Tensor, weights: list[float], option: float) -> float:
    """The mean by weights; of label -1, nothing."""
    total = share = 0.0
    for row, label in zip(logits.double().tolist(), LABELS, strict=True):
        if label < 0:
            continue
        below = math.log(sum(math.exp(one) for one in row))
        logs = [one - below for one in row]
        if name == "focal":
            loss = -weights[label] * (1 - math.exp(logs[label])) ** option * logs[label]
        else:  # torch weighs what is spread over all classes by each class's own weight
            spread = sum(w * one for w, one in zip(weights, logs, strict=True)) / 3
            loss = -(1 - option) * weights[label] * logs[label] - option * spread
        total += loss
        share += weights[label]
    return total / share


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("loss", "option"),
    [
        (CrossEntropyLoss(), 0.0),
        (CrossEntropyLoss(label_smoothing=0.1), 0.1),
        (FocalLoss(), 2.0),
        (FocalLoss(gamma=0.5), 0.5),
        (FocalLoss(gamma=0), 0.0),
    ],
)
def test_losses_are_their_formulas(loss, option, weights):
    name = "focal" if isinstance(loss, FocalLoss) else "cross_entropy"
    expected = naive(name, some_logits(), weights or [1.0] * 3, option)
    given = None if weights is None else torch.tensor(weights)
    found = loss(some_logits(), torch.tensor(LABELS), given, is_training=True)
    assert found.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), FocalLoss()])
def test_a_batch_of_unknown_labels_has_no_loss_in_an_evaluation(loss):
    assert loss(torch.randn(2, 3), torch.tensor([-1, -1]), None, is_training=False).item() == 0


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize(
    "loss", [CrossEntropyLoss(), CrossEntropyLoss(label_smoothing=0.1), FocalLoss()]
)
def test_a_batch_whose_classes_weigh_nothing_has_neither_loss_nor_gradients(loss, is_training):
    logits = some_logits().requires_grad_()
    weights, labels = torch.tensor([0.0, 2.0, 1.0]), torch.tensor([0, 0, -1, 0, 0])
    found = loss(logits, labels, weights, is_training=is_training)
    found.backward()
    assert found.item() == 0 and logits.grad.abs().sum().item() == 0


def test_an_example_that_is_right_for_sure_has_a_slope():
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    FocalLoss(gamma=0.5)(logits, torch.tensor([0]), None, is_training=True).backward()
    assert logits.grad.isfinite().all()


def test_losses_have_names_and_limits():
    assert set(ClassLoss.list_available()) == {"cross_entropy", "focal"}
    with pytest.raises(ConfigError, match=r"model.loss.label_smoothing is 1.0: it must be"):
        ClassLoss.from_params(Params({"type": "cross_entropy", "label_smoothing": 1.0}))
    with pytest.raises(ConfigError, match=r"model.loss.gamma is -1.0: it must be at least 0"):
        ClassLoss.from_params(Params({"type": "focal", "gamma": -1.0}))
