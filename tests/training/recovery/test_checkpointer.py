"""Checkpoints of two files; `test_recover.py` kills the process that writes them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from allennlp.training.trainer import TrainerCheckpoint

from spanbert_allen.common.errors import UserError
from spanbert_allen.training.recovery.checkpointer import SpanbertCheckpointer
from tests.training.recovery.test_tensor_files import room_for


def trainer(epochs, batches=0, size=3):
    state = {"epochs_completed": epochs, "batches_in_epoch_completed": batches}
    return SimpleNamespace(
        get_checkpoint_state=lambda: TrainerCheckpoint({"w": torch.full((size,), epochs)}, state),
        _epochs_completed=epochs,
        _batches_in_epoch_completed=batches,
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_newest_are_kept(tmp_path):
    checkpointer = SpanbertCheckpointer(tmp_path, keep_most_recent_by_count=2)
    for epochs, batches in ((0, 5), (1, 0), (1, 5)):
        checkpointer.save_checkpoint(trainer(epochs, batches))
    assert names(tmp_path) == [
        "model_state_e1_b0.th",
        "model_state_e1_b5.th",
        "training_state_e1_b0.th",
        "training_state_e1_b5.th",
    ]
    weights, state = SpanbertCheckpointer(tmp_path).load_checkpoint()
    assert weights["w"].tolist() == [1, 1, 1]
    assert state["batches_in_epoch_completed"] == 5


def test_without_room_the_checkpoint_of_before_is_loaded(tmp_path):
    checkpointer = SpanbertCheckpointer(tmp_path, keep_most_recent_by_count=1)
    checkpointer.save_checkpoint(trainer(1))
    with room_for(50_000), pytest.raises(UserError, match="no room to write it"):
        checkpointer.save_checkpoint(trainer(2, size=100_000))
    weights, _ = SpanbertCheckpointer(tmp_path).load_checkpoint()
    assert weights["w"].tolist() == [1, 1, 1]


def test_half_a_checkpoint_is_none(tmp_path):
    checkpointer = SpanbertCheckpointer(tmp_path)
    checkpointer.save_checkpoint(trainer(1))
    (tmp_path / "training_state_e2_b0.th").write_bytes(b"whole, but alone")
    (tmp_path / "model_state_e2_b0.th.part").write_bytes(b"half")
    weights, _ = SpanbertCheckpointer(tmp_path).load_checkpoint()
    assert weights["w"].tolist() == [1, 1, 1]
    checkpointer.save_checkpoint(trainer(3))
    assert "training_state_e2_b0.th" not in names(tmp_path)


def test_a_resumed_run_counts_on_from_its_checkpoint(tmp_path):
    SpanbertCheckpointer(tmp_path, save_every_num_batches=4).save_checkpoint(trainer(0, 4))
    resumed = SpanbertCheckpointer(tmp_path, save_every_num_batches=4)
    resumed.load_checkpoint()
    assert [n for n in range(5, 9) if resumed.maybe_save_checkpoint(trainer(0, n), 0, n)] == [8]


def test_workers_that_write_nothing_know_when_the_next_is_due(tmp_path):
    checkpointer = SpanbertCheckpointer(tmp_path, save_every_num_batches=2)
    other = trainer(0, 2)
    other.get_checkpoint_state = lambda: None
    assert checkpointer.maybe_save_checkpoint(other, 0, 2)
    assert not checkpointer.maybe_save_checkpoint(other, 0, 3)
