"""How far a run is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spanbert_allen.corpus_prediction.run_folder import CountJob, RunFolder, Shard


@dataclass(kw_only=True)
class Progress:
    """
    Count what is done of a run.

    # Parameters

    counted : `int`
        Inputs whose records are counted.
    shards, shards_done : `int`
        Shards of these inputs, and those that are predicted.
    records, records_done : `int`
        Records of these inputs, and those that are predicted.
    failed_records : `int`
        Those of them that are error records.
    words : `int`
        The words of the records that are predicted.
    failed : `int`
        Inputs and shards that failed as a whole.
    """

    counted: int = 0
    shards: int = 0
    shards_done: int = 0
    records: int = 0
    records_done: int = 0
    failed_records: int = 0
    words: int = 0
    failed: int = 0


def progress_of(run: RunFolder) -> Progress:
    """Look how far a run is."""
    progress = Progress()
    for job in run.jobs():
        report = run.report(job)
        if isinstance(job, Shard):
            progress.shards += 1
        if report is None:
            progress.failed += run.failure(job) is not None
        elif isinstance(job, CountJob):
            progress.counted += 1
            progress.records += report["records"]
        else:
            progress.shards_done += 1
            progress.records_done += report["records"]
            progress.failed_records += report["failed_records"]
            progress.words += report["words"]
    return progress


def progress_line(run: RunFolder, progress: Progress) -> str:
    """Return one line on how far a run is."""
    inputs = len(run.manifest.inputs)
    parts = [
        f"{progress.records_done:,} of {progress.records:,} records",
        f"{progress.shards_done:,} of {progress.shards:,} shards",
    ]
    if progress.counted < inputs:
        parts.append(f"{progress.counted:,} of {inputs:,} inputs counted")
    parts.append(f"{progress.failed_records:,} bad records")
    if progress.failed:
        parts.append(f"{progress.failed:,} inputs or shards failed")
    return ", ".join(parts)


class Rate:
    """
    Tell the rate of a run since a moment, and the time that is left.

    The time in which the first workers load their models does not count.

    # Parameters

    before : `Progress`
        What was done at this moment.
    clock : `Callable[[], float]`, optional
        The time in seconds.
    """

    def __init__(self, before: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._before = before
        self._clock = clock
        self._started = clock()

    def line(self, now: Progress) -> str:
        """Return the rate and the time left; empty before the first shard is done."""
        if not now.counted:
            self._started = self._clock()
        seconds = self._clock() - self._started
        done = now.records_done - self._before.records_done
        if not done or seconds <= 0:
            return ""
        left = round((now.records - now.records_done) * seconds / done)
        minutes, rest = divmod(left, 60)
        rate = (now.words - self._before.words) / seconds
        return f"{rate:,.0f} words/s, {minutes // 60}:{minutes % 60:02}:{rest:02} left"


def status_lines(run: RunFolder) -> Iterator[str]:
    """Yield what a user asks of a run: how far it is, what is in work, what is bad and where."""
    yield f"{run.path}: {progress_line(run, progress_of(run))}"
    working = [job.name for job in run.open_jobs() if run.is_claimed(job)]
    if working:
        yield f"in work: {', '.join(working)}"
    yield from problem_lines(run)


def problem_lines(run: RunFolder) -> Iterator[str]:
    """Yield a line for each input with bad records, and for each job that failed."""
    for source, one in enumerate(run.manifest.inputs):
        reports = [report for shard in run.shards(source) if (report := run.report(shard))]
        bad = sum(report["failed_records"] for report in reports)
        if bad:
            first = next(report["first_error"] for report in reports if report["failed_records"])
            line = f":{first['line']}" if "line" in first else ""
            of = sum(report["records"] for report in reports)
            yield (
                f"{bad:,} of {of:,} records of {Path(one.path).name} are bad; the first: "
                f"{one.path}{line}: {first['error']}"
            )
    for job, failure in run.failed_jobs():
        yield f"failed: {job.name}: {failure}"
