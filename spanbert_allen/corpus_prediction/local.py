"""The executor `local`: workers are processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from spanbert_allen.common.errors import ConfigError, shortened
from spanbert_allen.common.signals import with_signals_told
from spanbert_allen.corpus_prediction.claims import owner_of
from spanbert_allen.corpus_prediction.run_folder import RunFolder

_MOST_DEATHS = 3
"""How often a worker may be killed at one job, such as for want of memory."""
_SECONDS_TO_STOP = 10


class Worker(Protocol):
    """A process that works on a run."""

    @property
    def owner(self) -> str:
        """Return what it writes into its claims."""

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; `None` while it runs."""

    def said(self) -> str:
        """Return the last line that it wrote of an error."""

    def stop(self) -> None:
        """End it, and wait until it has ended."""


StartWorker = Callable[[RunFolder, int], Worker]
"""Start the worker of a number."""


class WorkerProcess:
    """
    Run a worker as a process.

    # Parameters

    run : `RunFolder`
        What it works on.
    number : `int`
        Its number.
    """

    def __init__(self, run: RunFolder, number: int) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "spanbert_allen", "corpus-predict", str(run.path)),
                *("--worker", "--worker-number", str(number), "--parent", str(os.getpid())),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )

    @property
    def owner(self) -> str:
        """Return what it writes into its claims."""
        return owner_of(self._process.pid)

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; `None` while it runs."""
        status = self._process.poll()
        return None if status is None else with_signals_told(status)

    def said(self) -> str:
        """Return the last line that it wrote of an error."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return next(reversed(lines), "it said nothing").removeprefix("error: ")

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()  # which loses no more than the shard in work either
            self._process.wait()


def predict_locally(
    run: RunFolder,
    *,
    workers: int,
    wait: Callable[[], None],
    start: StartWorker = WorkerProcess,
) -> None:
    """
    Let workers, processes of this machine by default, do the jobs of a run until all are settled.

    A worker that is killed is replaced; a job at which three were killed has failed.

    # Parameters

    run : `RunFolder`
        The run.
    workers : `int`
        How many processes work; each loads the model once.
    wait : `Callable[[], None]`
        Called between two looks at the processes; it may show how far the run is.
    start : `StartWorker`, optional (default = `WorkerProcess`)
        Starts a worker.

    Raises a `ConfigError` with what a worker said of an error that ends the run.
    """
    deaths: Counter[str] = Counter()
    running = {number: start(run, number) for number in range(workers)}
    try:
        while running and next(run.open_jobs(), None) is not None:
            wait()
            for number, worker in list(running.items()):
                status = worker.poll()
                if status is None:
                    continue
                del running[number]
                if status > 0:
                    raise ConfigError(shortened(worker.said()))
                if status < 0:
                    _note_death(run, worker.owner, -status, deaths)
                    running[number] = start(run, number)
    finally:
        for worker in running.values():
            worker.stop()


def _note_death(run: RunFolder, owner: str, signal: int, deaths: Counter[str]) -> None:
    """Count a worker that was killed; give up its job when that happens again and again."""
    job = run.job_of(owner)
    name = "" if job is None else job.name
    deaths[name] += 1
    if deaths[name] < _MOST_DEATHS:
        return
    why = f"signal {signal} killed a worker {_MOST_DEATHS} times"
    if job is None:
        raise ConfigError(
            f"{run.path}: {why} before it began to work, perhaps for want of memory: give a "
            "smaller --workers"
        )
    claim = run.claim(job)
    if claim is not None:
        run.fail(job, f"{why} at this, perhaps for want of memory: give a smaller --workers")
        claim.release(is_settled=True)
