import os
import signal
import stat
import subprocess
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

import spanbert_allen
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.corpus_prediction.claims import owner_of
from spanbert_allen.corpus_prediction.local import WorkerProcess, predict_locally
from spanbert_allen.corpus_prediction.merging import merge
from spanbert_allen.corpus_prediction.run_folder import CountJob, begin_run
from spanbert_allen.corpus_prediction.slurm import write_job_script
from spanbert_allen.corpus_prediction.starting import run_worker
from spanbert_allen.corpus_prediction.worker import work
from tests import places
from tests.corpus_prediction.fakes import FakePredictor, begin, manifest_of, run_all
from tests.corpus_prediction.killing import dead_from, kill_this_process
from tests.forks import exit_status, fork


class ForkedWorker:
    """A worker that need not import anything."""

    def __init__(self, said, function, *arguments):
        self._said = said
        self.pid = fork(function, *arguments, said=said)

    @property
    def owner(self):
        return owner_of(self.pid)

    def poll(self):
        child, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if child else None

    def said(self):
        return self._said.read_text().strip().splitlines()[-1]

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def look():
    """Wait until a child has ended, and leave it to be asked for."""
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)


class Killing(FakePredictor):
    """Memory runs out at one text."""

    def predict_batch_json(self, inputs):
        if any(record["text"] == "g" for record in inputs):
            kill_this_process()
        return super().predict_batch_json(inputs)


class KillingParent(FakePredictor):
    """It kills the process that started it as soon as there is something to predict."""

    def __init__(self, parent):
        super().__init__()
        self.parent = parent

    def predict_batch_json(self, inputs):
        with suppress(ProcessLookupError):
            os.kill(self.parent, signal.SIGKILL)
        while os.getppid() == self.parent:
            time.sleep(0.001)
        return super().predict_batch_json(inputs)


def test_a_job_that_kills_every_worker_is_given_up_and_the_rest_is_done(tmp_path):
    run = begin(tmp_path)
    started = []

    def start(run, number):
        started.append(number)
        return ForkedWorker(tmp_path / "said", worker)

    def worker():
        work(run, Killing(), wait=lambda: None)

    predict_locally(run, workers=1, wait=look, start=start)
    assert len(started) == 4
    ((job, reason),) = run.failed_jobs()
    assert job.name == "000001-0000000"
    assert reason.startswith("signal 9 killed a worker 3 times at this")
    assert not list(run.open_jobs())


def test_workers_that_never_begin_end_the_run(tmp_path):
    run = begin(tmp_path)
    with pytest.raises(ConfigError, match="before it began to work, perhaps for want of memory"):
        predict_locally(
            run,
            workers=1,
            wait=look,
            start=lambda run, number: ForkedWorker(tmp_path / "said", kill_this_process),
        )


def test_an_error_of_a_worker_ends_the_others_and_is_told(tmp_path):
    run = begin(tmp_path)
    claim = run.claim(CountJob(0))
    workers = []

    def start(run, number):
        workers.append(ForkedWorker(tmp_path / "said", signal.pause if number else fail))
        return workers[-1]

    def fail():
        raise RuntimeError("the disk is full")

    with pytest.raises(ConfigError, match="the disk is full"):
        predict_locally(run, workers=2, wait=look, start=start)
    claim.release(is_settled=False)
    assert len(workers) == 2
    for one in workers:
        with pytest.raises(ChildProcessError):  # it has been waited for
            os.waitpid(one.pid, os.WNOHANG)


def test_two_workers_with_a_model_of_which_one_is_killed_give_what_one_process_gives(tmp_path):
    archive = places.FIXTURES / "archives" / "coref_light.tar.gz"
    texts = tmp_path / "texts.jsonl"
    texts.write_text('"Ida left. She ran."\n{\n"He saw Bo. Bo saw him."\n"A dog."\n"It is."\n')
    manifest = manifest_of(archive, [texts])
    run = begin_run(tmp_path / "out", manifest, {})
    predictor = spanbert_allen.load(archive)
    predictor.source = str(texts)
    expected = [
        predictor.dump_line(predictor.predict_json(record))
        for record in predictor.records(predictor.source)
    ]
    started = []

    def start(run, number):
        function = run_worker if started else killed_worker
        started.append(ForkedWorker(tmp_path / "said", function, run.path))
        if len(started) == 1:  # before it is killed, no other takes its work
            os.waitid(os.P_PID, started[0].pid, os.WEXITED | os.WNOWAIT)
        return started[-1]

    def killed_worker(path):
        with dead_from(5, path / "results", kill_this_process):
            run_worker(path)

    predict_locally(run, workers=2, wait=look, start=start)
    assert len(started) == 3
    assert not list(run.path.rglob("*.part"))
    assert merge(run).read_text().splitlines(keepends=True) == expected


def test_a_driver_that_is_killed_leaves_what_the_next_one_goes_on_with(tmp_path):
    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
    run_all(tmp_path / "calm")
    run = begin(tmp_path / "killed")
    driver = os.getpid()

    def drive():
        nonlocal driver
        driver = os.getpid()
        predict_locally(run, workers=2, wait=look, start=start)

    def start(run, number):
        return ForkedWorker(tmp_path / "said", worker)

    def worker():
        killing = KillingParent(driver)
        work(run, killing, wait=lambda: None, goes_on=lambda: os.getppid() == driver)

    assert exit_status(fork(drive, said=tmp_path / "said")) == -signal.SIGKILL
    assert list(run.open_jobs())
    # Its workers may still end what they have in work: the next one waits for them.
    work(run, FakePredictor(), wait=lambda: time.sleep(0.01))
    assert merge(run).read_bytes() == (tmp_path / "calm" / "out" / "predictions.jsonl").read_bytes()


def test_the_job_script_of_slurm_starts_workers(tmp_path):
    folder = tmp_path / "with blanks"
    folder.mkdir()
    run = begin(folder)
    script = write_job_script(run, workers=16)
    text = script.read_text()
    assert "#SBATCH --array=0-15\n" in text
    assert "gres" not in text
    command = subprocess.run(
        ["bash", "-c", f"exec() {{ printf '%s\\n' \"$@\"; }}; . '{script}'"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert command[1:] == ["-m", "spanbert_allen", "corpus-predict", str(run.path), "--worker"]
    assert script.stat().st_mode & stat.S_IRUSR


def test_a_worker_that_was_told_to_end_was_killed_and_did_not_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: SimpleNamespace(poll=lambda: 143))
    assert WorkerProcess(SimpleNamespace(path=tmp_path), 0).poll() == -signal.SIGTERM
