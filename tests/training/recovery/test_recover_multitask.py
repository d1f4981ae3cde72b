"""A killed training of several tasks goes on as if it had not been killed."""

from __future__ import annotations

import pytest

from tests.models.multitask_training import config
from tests.training.trainings import assert_equal, outcome

pytestmark = pytest.mark.slow


def test_it_ends_as_one_that_was_never_killed(trainings, tmp_path):
    settings = config(tmp_path)
    # A pass over the questions takes more than an epoch.
    settings["data_loader"] |= {"weights": {"coref": 2, "relation": 2}, "batches_per_epoch": 5}
    settings["trainer"] |= {
        "num_gradient_accumulation_steps": 2,
        "announce_memory": False,
        "checkpointer": {"save_every_num_batches": 1, "keep_most_recent_by_count": 1},
    }
    assert trainings.run(settings, tmp_path / "whole") == 0
    update = "spanbert_allen.training.loop.training_loop:TrainingLoop._train_on"
    kill = {"function": update, "call": 5, "when": "before"}
    assert trainings.run(settings, tmp_path / "killed", kill=kill) < 0
    assert trainings.run(settings, tmp_path / "killed", recover=True) == 0
    assert_equal(outcome(tmp_path / "whole"), outcome(tmp_path / "killed"))
