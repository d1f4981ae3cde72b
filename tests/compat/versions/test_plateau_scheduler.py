"""The scheduler `reduce_on_plateau`, alone and inside of `combined`."""

from __future__ import annotations

import pytest
import torch
from allennlp.common import Params
from allennlp.training.learning_rate_schedulers import LearningRateScheduler

import spanbert_allen.plugin  # noqa: F401

PLATEAU = {
    "type": "reduce_on_plateau",
    "patience": 0,
    "factor": 0.5,
    "mode": "min",
    "verbose": True,
}
COMBINED = {"type": "combined", "schedulers": [[9, PLATEAU]], "num_steps_per_epoch": 1}


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)


@pytest.mark.parametrize("options", [PLATEAU, COMBINED], ids=["alone", "combined"])
def test_rate_falls_when_the_loss_does_not(options):
    steps = optimizer()
    scheduler = LearningRateScheduler.from_params(Params(options).duplicate(), optimizer=steps)
    rates = []
    for loss in (2.0, 1.0, 1.0, 1.0):
        steps.step()
        scheduler.step(loss)
        rates.append(steps.param_groups[0]["lr"])
    assert rates == [1.0, 1.0, 0.5, 0.25]


def test_state_goes_on_where_it_was():
    first = LearningRateScheduler.from_params(Params({**PLATEAU}), optimizer=optimizer())
    first.step(1.0)
    steps = optimizer()
    second = LearningRateScheduler.from_params(Params({**PLATEAU}), optimizer=steps)
    second.load_state_dict(first.state_dict())
    second.step(1.5)
    assert steps.param_groups[0]["lr"] == 0.5
