"""Trainings that torchrun starts, on two workers of one machine."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from allennlp.commands import train as allennlp_train
from allennlp.common import Params

from tests.test_distributed import assert_close, coref, corpus, trainings  # noqa: F401
from tests.torchrun import run_with_torchrun, watch_updates
from tests.training.trainings import assert_equal, outcome

SHARED_OUT = {"distributed": {"ddp_accelerator": {"type": "spanbert_fsdp2"}}}


def config(corpus):  # noqa: F811
    """Updates of two batches a worker, averages of the weights, and a checkpoint after each."""
    config = coref(corpus, 1)
    config["trainer"] |= {
        "num_epochs": 1,
        "num_gradient_accumulation_steps": 2,
        "moving_average": {"type": "exponential", "decay": 0.5},
        "checkpointer": {"save_every_num_batches": 1, "keep_most_recent_by_count": 99},
    }
    return config


def train(config, folder, dies_at=None):
    allennlp_train.import_plugins = lambda: None  # the fork has them
    watch_updates(folder.with_suffix(".updates"), dies_at=dies_at)
    allennlp_train.train_model(Params(json.loads(json.dumps(config))), folder)


@pytest.fixture(scope="module")
def whole(trainings, corpus, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("torchrun") / "whole"
    assert run_with_torchrun(train, config(corpus), folder, said=trainings.said) == 0
    return folder


@pytest.mark.slow
def test_a_killed_worker_and_the_group_starts_again(trainings, corpus, whole, tmp_path):  # noqa: F811
    folder = tmp_path / "run"
    assert run_with_torchrun(train, config(corpus), folder, 1, said=trainings.said) == 0
    assert_equal(outcome(whole), outcome(folder))
    names = {path.name for path in folder.iterdir()}
    assert names >= {"out_worker0.log", "out_worker1.log", "vocabulary", "config.json"}
    updates = [json.loads(line) for line in (tmp_path / "run.updates").open()]
    assert [0, 0] in updates
    assert min(number for start, number in updates if start == 1) >= 1  # it did not begin anew


@pytest.mark.slow
def test_shared_out_parameters_train_as_whole_ones_do(trainings, corpus, whole, tmp_path):  # noqa: F811
    folder = tmp_path / "run"
    assert (
        run_with_torchrun(train, config(corpus) | SHARED_OUT, folder, 1, said=trainings.said) == 0
    )
    assert_close(outcome(whole), outcome(folder))
    state, expected = last_state(folder), last_state(whole)
    moments = expected["optimizer"]["state"]
    assert state["optimizer"]["state"].keys() == moments.keys()
    for place, one in moments.items():
        torch.testing.assert_close(state["optimizer"]["state"][place], one, rtol=1e-3, atol=1e-6)
    averages = state["moving_average"]["shadows"]
    for name, average in expected["moving_average"]["shadows"].items():
        torch.testing.assert_close(averages[name], average, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_shared_out_parameters_train_in_bf16(trainings, corpus, whole, tmp_path):  # noqa: F811
    in_bf16 = config(corpus) | SHARED_OUT
    in_bf16["trainer"]["precision"] = "bf16"
    assert run_with_torchrun(train, in_bf16, tmp_path / "run", said=trainings.said) == 0
    (in_float32,), (rounded,) = (outcome(one)["evaluations"] for one in (whole, tmp_path / "run"))
    for part in ("training", "validation"):
        losses = in_float32[part]["loss"], rounded[part]["loss"]
        assert losses[0] != losses[1]
        assert losses[0] == pytest.approx(losses[1], rel=0.01)


def last_state(folder):
    return torch.load(folder / "training_state_e1_b0.th", weights_only=True)


@pytest.mark.slow
def test_one_worker_goes_on_from_two(trainings, corpus, whole, tmp_path):  # noqa: F811
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    for path in folder.glob("*_state_*.th"):
        if path.stem.partition("_state_")[2] > "e0_b1":
            path.unlink()
    trainings.run(config(corpus), folder, recover=True)
    outcomes = outcome(whole), outcome(folder)
    for one in outcomes:  # of the metrics of training, only the loss goes on exactly
        for entry in one["evaluations"]:
            entry["training"] = {"loss": entry["training"]["loss"]}
    assert_close(*outcomes)
