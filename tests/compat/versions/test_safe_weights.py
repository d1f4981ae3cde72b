"""Checkpoints with NumPy's numbers continue; a file that could run a program is refused."""

from __future__ import annotations

import os

import numpy
import pytest
import torch
from allennlp.nn.util import read_state_dict

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import DataError
from tests.compat.tiny_training import trainer


@pytest.mark.parametrize(
    "scheduler",
    [{"type": "cosine", "t_initial": 2}, {"type": "reduce_on_plateau", "patience": 0}],
    ids=lambda scheduler: scheduler["type"],
)
def test_training_goes_on_from_a_checkpoint(tmp_path, scheduler):
    trainer(tmp_path, dict(scheduler), 1).train()
    assert trainer(tmp_path, dict(scheduler), 3).train()["epoch"] == 2


@pytest.mark.parametrize("number", [numpy.float64(0.5), numpy.int64(3), numpy.bool_(True)])
def test_numbers_of_numpy_are_read(tmp_path, number):
    torch.save({"best": number}, tmp_path / "state.th")
    assert torch.load(tmp_path / "state.th") == {"best": number}


class Program:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_program_is_refused_and_not_run(tmp_path):
    torch.save({"weight": torch.ones(1), "more": Program(tmp_path / "run")}, tmp_path / "best.th")
    with pytest.raises(DataError, match=r"best\.th: is no whole .* by name, or holds Python"):
        read_state_dict(tmp_path / "best.th")
    assert not (tmp_path / "run").exists()


def test_a_training_state_with_a_program_is_refused(tmp_path):
    start = trainer(tmp_path, {"type": "constant"}, 1)
    start.train()
    state = next(tmp_path.glob("training_state_*.th"))
    torch.save({"version": 1, "more": Program(tmp_path / "run")}, state)
    with pytest.raises(DataError, match="training_state_"):
        trainer(tmp_path, {"type": "constant"}, 2).train()
    assert not (tmp_path / "run").exists()


def test_weights_that_are_cut_short_are_refused(tmp_path):
    torch.save({"weight": torch.ones(1000)}, tmp_path / "best.th")
    (tmp_path / "best.th").write_bytes((tmp_path / "best.th").read_bytes()[:900])
    with pytest.raises(DataError, match=r"best\.th: is no whole file of weights"):
        read_state_dict(tmp_path / "best.th")
