"""Files that are whole or not there, also when there is no room."""

from __future__ import annotations

import resource
import shutil
from collections import OrderedDict, deque
from contextlib import contextmanager
from pathlib import Path

import numpy
import pytest
import torch

import spanbert_allen.plugin  # noqa: F401  numbers of NumPy are read
from spanbert_allen.common.errors import UserError
from spanbert_allen.common.parts import remove_parts
from spanbert_allen.training.recovery.tensor_files import load_tensors, save_tensors
from tests.training.recovery.small_disk import mounted

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


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", num_megabytes=1) as folder:
        yield folder


def test_what_is_saved_is_read(tmp_path):
    others = {"b": [1, "two", None], "c": (numpy.float64(0.5), {3, 4}), 5: OrderedDict(d=2.5)}
    save_tensors({**SMALL, **others}, tmp_path / "x.th")
    read = load_tensors(tmp_path / "x.th")
    assert torch.equal(read.pop("a"), SMALL["a"])
    assert read == others
    assert [path.name for path in tmp_path.iterdir()] == ["x.th"]


def test_without_room_the_file_of_before_stays(tmp_path):
    save_tensors(SMALL, tmp_path / "x.th")
    with room_for(50_000), pytest.raises(UserError) as raised:
        save_tensors(LARGE, tmp_path / "x.th")
    assert str(raised.value).startswith(f"{tmp_path}/x.th: no room to write it")
    assert "saved before is whole" in str(raised.value)
    assert torch.equal(load_tensors(tmp_path / "x.th")["a"], SMALL["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["x.th"]


def test_a_disk_that_is_really_full(tmp_path, small_disk):
    save_tensors(SMALL, small_disk / "x.th")
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 8192))
    with pytest.raises(UserError, match=r"No space left on device; 0\.0 GB are free"):
        save_tensors(LARGE, small_disk / "x.th")
    assert torch.equal(load_tensors(small_disk / "x.th")["a"], SMALL["a"])
    (small_disk / "ballast").unlink()
    save_tensors(LARGE, small_disk / "x.th")
    assert torch.equal(load_tensors(small_disk / "x.th")["a"], LARGE["a"])


@pytest.mark.parametrize(
    ("state", "place", "kind"),
    [
        ({"callbacks": [{"n": 1}, {"folder": Path("a")}]}, "callbacks/1/folder", "PosixPath"),
        ({"a": deque([1])}, "a", "deque"),
        ({"a": {"b": numpy.zeros(2)}}, "a/b", "ndarray"),
        ({"a": [0, lambda: None]}, "a/1", "function"),
        ({"a": {1: 2, Path("b"): 3}}, "a/1", "PosixPath"),
    ],
)
def test_what_could_not_be_read_is_not_written(tmp_path, state, place, kind):
    save_tensors(SMALL, tmp_path / "x.th")
    with pytest.raises(UserError, match=f"x.th: not written, as `{place}` in it is a {kind},"):
        save_tensors(state, tmp_path / "x.th")
    assert torch.equal(load_tensors(tmp_path / "x.th")["a"], SMALL["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["x.th"]


def test_programs_are_not_read(tmp_path):
    torch.save({"a": print}, tmp_path / "x.th")
    with pytest.raises(Exception, match="weights_only"):
        load_tensors(tmp_path / "x.th")


def test_parts_of_killed_processes_are_removed(tmp_path):
    (tmp_path / "model_state_e1_b0.th.part").write_bytes(b"half")
    (tmp_path / ".config.json.123.part").write_bytes(b"half")
    (tmp_path / "data.part").write_bytes(b"the user's")
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["data.part"]
