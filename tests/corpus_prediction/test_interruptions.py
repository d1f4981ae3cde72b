import os
import signal
from contextlib import suppress

import pytest

from spanbert_allen.corpus_prediction.run_folder import CountJob, open_run
from tests.corpus_prediction.fakes import run_all
from tests.corpus_prediction.killing import Killed, accesses_to, dead_from, kill_this_process
from tests.forks import exit_status, fork

_LEAST_POINTS = 80
_KILLED_TRULY = 6
_RECORDS = 8


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A run that nothing interrupts, and its number of accesses to files: points to be killed."""
    folder = tmp_path_factory.mktemp("calm")
    points = []
    with accesses_to(folder / "out", lambda: points.append(None)):
        assert run_all(folder) == _RECORDS
    assert (folder / "out" / "predictions.jsonl").read_bytes().count(b"\n") == _RECORDS
    assert len(points) > _LEAST_POINTS
    return folder, len(points)


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    """No power fails here: without waiting for the disk, the tests are quick."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


def contents(folder):
    """What is in a run's folder but the paths of its inputs, and claims of killed processes."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return {name: files[name] for name in files if not name.startswith(("claims/", "manifest"))}


def records_done(out):
    """How many records of a killed run are settled, 0 if it had not begun."""
    if not (out / "manifest.json").exists():
        return 0
    run = open_run(out)
    shards = (job for job in run.jobs() if not isinstance(job, CountJob))
    return sum(report["records"] for job in shards if (report := run.report(job)))


def assert_goes_on(folder, calm):
    """Only what was not settled is predicted, and all files are those of a calm run."""
    before = records_done(folder / "out")
    assert run_all(folder) == _RECORDS - before
    assert contents(folder / "out") == contents(calm / "out")


@pytest.mark.parametrize("first", [1, 3])
def test_a_run_killed_at_any_access_to_files_goes_on_to_the_same_files(first, tmp_path, calm):
    for number in range(first, calm[1] + 1, 6):
        folder = tmp_path / str(number)
        folder.mkdir()
        with suppress(Killed), dead_from(number, folder / "out"):
            run_all(folder)
            raise AssertionError
        assert_goes_on(folder, calm[0])


def test_a_process_that_is_killed_truly_leaves_what_another_goes_on_with(tmp_path, calm):
    for number in range(9, calm[1], calm[1] // _KILLED_TRULY):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert exit_status(fork(killed_run, number, folder, said=tmp_path / "said")) == (
            -signal.SIGKILL
        )
        assert_goes_on(folder, calm[0])


def test_a_run_that_is_killed_again_and_again_comes_to_its_end(tmp_path, calm):
    for number in range(12, 12 + calm[1]):
        with suppress(Killed), dead_from(number, tmp_path / "out"):
            run_all(tmp_path)
            break
    assert contents(tmp_path / "out") == contents(calm[0] / "out")


def killed_run(number, folder):
    with dead_from(number, folder / "out", kill_this_process):
        run_all(folder)
