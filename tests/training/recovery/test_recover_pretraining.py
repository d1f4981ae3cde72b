"""Pre-training that is killed and goes on with `--recover` ends as if it never had been."""

from __future__ import annotations

import signal

import pytest

from tests.data.pretraining.corpora import sample_corpus
from tests.training.recovery.configs import pretraining
from tests.training.trainings import assert_equal, outcome

KILLS = {
    "before the first checkpoint": {
        "function": "spanbert_allen.training.loop.update_loop:UpdateLoop._update",
        "call": 2,
    },
    "in a later epoch, while a batch is masked": {
        "function": "spanbert_allen.data.pretraining.examples:Examples.batch",
        "call": 70,
    },
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return sample_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.mark.slow
def test_killed_and_recovered(trainings, corpus, tmp_path):
    config = pretraining(corpus)
    assert trainings.run(config, tmp_path / "whole") == 0
    whole = outcome(tmp_path / "whole")
    assert whole["last_checkpoint"] == "training_state_e2_b0.th"
    for name, kill in KILLS.items():
        folder = tmp_path / name
        status = trainings.run(config, folder, kill={"when": "before", **kill})
        assert status == -signal.SIGKILL, name
        assert trainings.run(config, folder, recover=True) == 0
        assert_equal(whole, outcome(folder), name)
