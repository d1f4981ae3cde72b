"""Every generator goes on where it was, also from a file."""

from __future__ import annotations

import random

import numpy
import torch

from spanbert_allen.training.recovery.random_state import random_state, set_random_state
from spanbert_allen.training.recovery.tensor_files import load_tensors, save_tensors


def draw():
    return [
        random.random(),
        random.gauss(0, 1),
        float(numpy.random.normal()),  # noqa: NPY002
        torch.rand(()).item(),
        torch.randn(()).item(),
    ]


def test_all_generators_repeat_themselves(tmp_path):
    draw()  # so that each has half of a pair of normal numbers in hand
    save_tensors(random_state(), tmp_path / "state.th")
    first = [draw() for _ in range(3)]
    set_random_state(load_tensors(tmp_path / "state.th"))
    assert [draw() for _ in range(3)] == first
