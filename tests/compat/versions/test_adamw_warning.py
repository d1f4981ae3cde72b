"""The optimizer of the configurations starts without a notice."""

from __future__ import annotations

import warnings

import torch
from allennlp.common import Params
from allennlp.training.optimizers import Optimizer

import spanbert_allen.plugin  # noqa: F401


def test_no_notice_and_the_same_defaults():
    parameters = [("weight", torch.nn.Parameter(torch.ones(1)))]
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        optimizer = Optimizer.from_params(
            Params({"type": "huggingface_adamw", "lr": 0.5}), model_parameters=parameters
        )
    assert optimizer.defaults == {
        "lr": 0.5,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
        "correct_bias": True,
    }
