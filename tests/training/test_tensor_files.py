"""Files that are whole or not there, also when there is no room."""

from __future__ import annotations

import resource
from contextlib import contextmanager

import pytest
import torch

from spanbert_allen.common.errors import UserError
from spanbert_allen.training.tensor_files import load_tensors, remove_parts, save_tensors

SMALL = {"a": torch.arange(3.0)}
LARGE = {"a": torch.zeros(100_000)}


@contextmanager
def room_for(num_bytes):
    """No file may grow beyond that, which the system answers as it answers a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_is_saved_is_read(tmp_path):
    save_tensors({**SMALL, "b": [1, "two", None]}, tmp_path / "x.th")
    read = load_tensors(tmp_path / "x.th")
    assert torch.equal(read["a"], SMALL["a"])
    assert read["b"] == [1, "two", None]
    assert [path.name for path in tmp_path.iterdir()] == ["x.th"]


def test_without_room_the_file_of_before_stays(tmp_path):
    save_tensors(SMALL, tmp_path / "x.th")
    with room_for(50_000), pytest.raises(UserError) as raised:
        save_tensors(LARGE, tmp_path / "x.th")
    assert str(raised.value).startswith(f"{tmp_path}/x.th: no room to write it")
    assert "saved before is whole" in str(raised.value)
    assert torch.equal(load_tensors(tmp_path / "x.th")["a"], SMALL["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["x.th"]


def test_another_failure_leaves_nothing_behind_either(tmp_path):
    with pytest.raises((AttributeError, TypeError)):
        save_tensors({"a": lambda: None}, tmp_path / "x.th")
    assert not list(tmp_path.iterdir())


def test_programs_are_not_read(tmp_path):
    torch.save({"a": print}, tmp_path / "x.th")
    with pytest.raises(Exception, match="weights_only"):
        load_tensors(tmp_path / "x.th")


def test_parts_of_killed_processes_are_removed(tmp_path):
    (tmp_path / "model_state_e1_b0.th.part").write_bytes(b"half")
    (tmp_path / "data.part").write_bytes(b"the user's")
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["data.part"]
