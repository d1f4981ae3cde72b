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


def config(corpus):  # noqa: F811
    """Updates of two documents, and a checkpoint after each."""
    config = coref(corpus, 1)
    config["trainer"] |= {
        "num_epochs": 1,
        "num_gradient_accumulation_steps": 1,
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
    assert run_with_torchrun(train, config(corpus), folder, 2, said=trainings.said) == 0
    assert_equal(outcome(whole), outcome(folder))
    names = {path.name for path in folder.iterdir()}
    assert names >= {"out_worker0.log", "out_worker1.log", "vocabulary", "config.json"}
    updates = [json.loads(line) for line in (tmp_path / "run.updates").open()]
    assert [0, 0] in updates
    assert min(number for start, number in updates if start == 1) >= 1  # it did not begin anew


@pytest.mark.slow
def test_shared_out_parameters_train_as_whole_ones_do(trainings, corpus, whole, tmp_path):  # noqa: F811
    folder = tmp_path / "run"
    shared_out = config(corpus) | {"distributed": {"ddp_accelerator": {"type": "spanbert_fsdp2"}}}
    assert run_with_torchrun(train, shared_out, folder, 2, said=trainings.said) == 0
    assert_close(outcome(whole), outcome(folder))
    state = torch.load(folder / "training_state_e1_b0.th", weights_only=True)["optimizer"]["state"]
    expected = torch.load(whole / "training_state_e1_b0.th", weights_only=True)["optimizer"][
        "state"
    ]
    assert state.keys() == expected.keys()
    for place, moments in expected.items():
        for name, moment in moments.items():
            torch.testing.assert_close(state[place][name], moment, rtol=1e-3, atol=1e-6)


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
