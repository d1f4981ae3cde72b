"""SIGTERM and Ctrl-C end a training with one line, and two trainings never share a folder."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from allennlp.commands import train
from allennlp.common import Params

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.folder_lock import FILE_NAME, FolderLock, refuse_locked
from tests.training.recovery.configs import coref
from tests.training.recovery.test_recover import CHECKPOINTER, LOOP
from tests.training.trainings import assert_equal, outcome

PLACES = {
    "while it is built": ({"function": "codecs:open", "call": 1}, "SIGTERM"),
    "before an update": ({"function": f"{LOOP}TrainingLoop._update", "call": 1}, "SIGINT"),
    "in a checkpoint": ({"function": f"{CHECKPOINTER}:save_tensors", "call": 2}, "SIGTERM"),
    "in a file": ({"file": "best", "save": 1, "bytes": 5000}, "SIGINT"),
    "in an evaluation": ({"function": f"{LOOP}validate", "call": 2}, "SIGTERM"),
    "in the archive": ({"function": "tarfile:TarFile.add", "call": 2}, "SIGINT"),
}
HOLDER = """
import sys
from pathlib import Path
from spanbert_allen.common.folder_lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
sys.stdout.write("locked")
sys.stdout.flush()
sys.stdin.read()
"""


def ended(trainings, sample, folder, kill):
    """The last line on standard error of a training that is sent a signal."""
    before = len(trainings.said.read_text())
    number = signal.Signals[kill["signal"]]
    assert trainings.run(coref(sample), folder, kill=kill, fails=True) == 128 + number
    said = trainings.said.read_text()[before:]
    assert "Traceback" not in said
    assert not [*folder.glob("*.part"), *folder.glob(".*")]
    return said.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("place", "name"), PLACES.values(), ids=PLACES.keys())
def test_a_signal_ends_training_with_one_line(
    trainings, sample, never_killed, tmp_path, place, name
):
    folder = tmp_path / "run"
    line = ended(trainings, sample, folder, {"when": "before", **place, "signal": name})
    called = "Ctrl-C" if name == "SIGINT" else name
    assert line == f"training was ended by {called}: go on with the same command and --recover"
    if name == "SIGINT":  # as after the other: half of them will do
        assert trainings.run(coref(sample), folder, recover=True) == 0
        assert_equal(never_killed, outcome(folder))


@pytest.mark.slow
def test_a_signal_that_a_destructor_swallows_ends_training_too(trainings, sample, tmp_path):
    config = coref(sample, trainer={"num_epochs": 10_000})
    before = len(trainings.said.read_text())
    kill = {"function": f"{LOOP}TrainingLoop._update", "call": 2, "when": "before"}
    kill |= {"signal": "SIGTERM", "swallowed": True}
    status = trainings.run(config, tmp_path / "run", kill=kill, fails=True)
    assert status == 128 + signal.SIGTERM
    assert trainings.said.read_text()[before:].splitlines()[-1].startswith("training was ended by")


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of a folder until it is killed."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.read(6) == "locked"
        yield folder, process
        process.kill()


@pytest.mark.parametrize("options", [{}, {"recover": True}, {"force": True}], ids=str)
def test_a_second_training_in_a_folder_is_refused(holder, options):
    folder, process = holder
    with pytest.raises(ConfigError) as caught:
        train.train_model(Params(coref(folder.parent)), str(folder), **options)
    said = str(caught.value)
    assert said.startswith(f"{folder}: another training (process {process.pid} on ")
    assert "wait until it ends, end it, or name another folder with -s" in said
    assert (folder / "config.json").read_text() == "{}"


def test_a_lock_ends_with_its_owner_however_that_ends(holder):
    folder, process = holder
    process.kill()
    process.wait()
    assert (folder / FILE_NAME).is_file()
    refuse_locked(folder)
    assert not (folder / FILE_NAME).exists()


def test_a_lock_is_given_back(tmp_path):
    FolderLock(tmp_path).release()
    assert not list(tmp_path.iterdir())
    refuse_locked(Path(tmp_path, "not there"))


def test_a_training_that_fails_leaves_no_lock(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(Exception, match=r"train\.jsonl"):
        train.train_model(Params(coref(tmp_path)), str(folder))
    assert not (folder / FILE_NAME).exists()
