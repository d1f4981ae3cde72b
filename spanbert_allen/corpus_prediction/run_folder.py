"""
The folder of a run, and the protocol by which processes share its work.

The work is cut into jobs: to count the records of an input, and to predict a shard of them. A job
is claimed, done, its result written beside and renamed, and then its report, which settles it; a
job that cannot be done has a failure in place of the report. So a process may be killed anywhere:
what it had claimed is claimed again, and what is settled is never touched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.corpus_prediction import claims
from spanbert_allen.corpus_prediction.claims import Claim
from spanbert_allen.corpus_prediction.manifest import Manifest, manifest_of_json
from spanbert_allen.corpus_prediction.whole_files import remove_parts, write_json

MANIFEST = "manifest.json"
_START = ".start"
_FOLDERS = ("claims", "failures", "reports", "results")


@dataclass(frozen=True)
class CountJob:
    """
    Count the records of an input.

    # Parameters

    source : `int`
        The input's place in the manifest.
    """

    source: int

    @property
    def name(self) -> str:
        """Name the job in the folder."""
        return f"{self.source:06d}-count"


@dataclass(frozen=True)
class Shard:
    """
    Predict some records of an input.

    # Parameters

    source : `int`
        The input's place in the manifest.
    number : `int`
        The shard's place in the input.
    first : `int`
        Its first record, counted from 0.
    size : `int`
        How many records it has.
    """

    source: int
    number: int
    first: int
    size: int

    @property
    def name(self) -> str:
        """Name the job in the folder."""
        return f"{self.source:06d}-{self.number:07d}"


Job = CountJob | Shard


class RunFolder:
    """
    Hold what processes know of a run.

    # Parameters

    path : `Path`
        The folder.
    manifest : `Manifest`
        What is predicted.
    is_new : `bool`, optional (default = `False`)
        Whether this process has begun the run.
    """

    def __init__(self, path: Path, manifest: Manifest, *, is_new: bool = False) -> None:
        self.path = path
        self.manifest = manifest
        self.is_new = is_new
        self._reports: dict[str, Mapping[str, Any]] = {}

    def shards(self, source: int) -> Iterator[Shard]:
        """Yield the shards of an input; none while its records are not counted."""
        counted = self.report(CountJob(source))
        total, most = (counted or {"records": 0})["records"], self.manifest.shard_records
        for number, first in enumerate(range(0, total, most)):
            yield Shard(source, number, first, min(most, total - first))

    def jobs(self) -> Iterator[Job]:
        """Yield all jobs: counts first, so that it is known how much there is to do."""
        sources = range(len(self.manifest.inputs))
        yield from map(CountJob, sources)
        for source in sources:
            yield from self.shards(source)

    def open_jobs(self) -> Iterator[Job]:
        """Yield the jobs that are not settled."""
        return (job for job in self.jobs() if not self.is_settled(job))

    def is_settled(self, job: Job) -> bool:
        """Tell whether a job is done, or has failed."""
        return self.report(job) is not None or self.failure(job) is not None

    def result(self, shard: Shard) -> Path:
        """Name the file of a shard's results."""
        return self.path / "results" / f"{shard.name}.jsonl"

    def report(self, job: Job) -> Mapping[str, Any] | None:
        """Return what is known of a job that is done, else `None`."""
        if job.name not in self._reports:
            try:
                text = self.report_path(job).read_bytes()
            except FileNotFoundError:
                return None
            self._reports[job.name] = json.loads(text)
        return self._reports[job.name]

    def failure(self, job: Job) -> str | None:
        """
        Return why a job cannot be done, `None` if it has not failed.

        Without locks two processes may have it in work: if one has done it, it has not failed.
        """
        if self.report(job) is not None:
            return None
        try:
            return str(json.loads(self._failure(job).read_bytes()))
        except FileNotFoundError:
            return None

    def failed_jobs(self) -> Iterator[tuple[Job, str]]:
        """Yield the jobs that have failed, with the reason."""
        for job in self.jobs():
            failure = self.failure(job)
            if failure is not None:
                yield job, failure

    def claim(self, job: Job) -> Claim | None:
        """Take an open job for this process, `None` if another has it or it is settled."""
        claim = claims.take(self._claim(job))
        if claim is None:
            return None
        if self.is_settled(job):  # since this process looked
            claim.release(is_settled=True)
            return None
        return claim

    def is_claimed(self, job: Job) -> bool:
        """Tell whether a process has a job in work."""
        return claims.is_claimed(self._claim(job))

    def job_of(self, owner: str) -> Job | None:
        """Return the open job that a process claimed last, if there is one."""
        mine = (job for job in self.open_jobs() if claims.was_claimed_by(self._claim(job), owner))
        return next(mine, None)

    def settle(self, job: Job, report: Mapping[str, Any]) -> None:
        """Say that a job is done; its result stands in its place already."""
        write_json(self.report_path(job), report)
        self._remove_parts(job)

    def fail(self, job: Job, reason: str) -> None:
        """Say that a job cannot be done."""
        write_json(self._failure(job), reason)
        self._remove_parts(job)

    def forget_failures(self) -> int:
        """Let failed jobs be tried again; return how many there were."""
        failed = [job for job, _ in self.failed_jobs()]
        for job in failed:
            self._failure(job).unlink(missing_ok=True)
        return len(failed)

    def report_path(self, job: Job) -> Path:
        """Name the file that says that a job is done."""
        return self.path / "reports" / f"{job.name}.json"

    def _remove_parts(self, job: Job) -> None:
        """
        Remove what killed processes left of a job, after it is settled.

        On a disk without locks another process may still write there: it fails, and finds the job
        settled.
        """
        for path in (self.report_path(job), self._failure(job)):
            remove_parts(path)
        if isinstance(job, Shard):
            remove_parts(self.result(job))

    def _failure(self, job: Job) -> Path:
        return self.path / "failures" / f"{job.name}.json"

    def _claim(self, job: Job) -> Path:
        return self.path / "claims" / job.name


def open_run(path: Path) -> RunFolder:
    """Return the run that was begun in a folder; raises a `DataError` if there is none."""
    manifest = path / MANIFEST
    try:
        text = manifest.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            "no run was begun in this folder: give `ARCHIVE INPUT... OUT` to begin one", path
        ) from error
    return RunFolder(path, manifest_of_json(text, manifest))


def begin_run(path: Path, manifest: Manifest, given: Mapping[str, Any]) -> RunFolder:
    """
    Begin a run in a folder, or go on with the one that was begun there.

    # Parameters

    path : `Path`
        The folder; it is made if it is not there.
    manifest : `Manifest`
        What is to be predicted.
    given : `Mapping[str, Any]`
        Those of its fields that the user named: for the others, a run that goes on keeps its own.

    Raises a `ConfigError` if the folder is of another run, or of something else.
    """
    path.mkdir(parents=True, exist_ok=True)
    claim = claims.take(path / _START)
    if claim is None:
        raise ConfigError(f"{path}: another command is starting in this folder: run this one again")
    try:
        is_new = not (path / MANIFEST).exists()
        if is_new:
            if foreign := sorted(set(_names(path)) - {*_FOLDERS}):
                raise ConfigError(
                    f"{path}: this folder holds something else ({foreign[0]}): name a new folder "
                    "for the results"
                )
            for name in _FOLDERS:
                (path / name).mkdir(exist_ok=True)
            remove_parts(path / MANIFEST)
            write_json(path / MANIFEST, manifest.as_json())
        run = open_run(path)
        run.is_new = is_new
        run.manifest.refuse_others(given, path)
        if run.manifest.archive != given.get("archive", run.manifest.archive):  # it has moved
            run.manifest = replace(run.manifest, archive=given["archive"])
            write_json(path / MANIFEST, run.manifest.as_json())
        return run
    finally:
        claim.release(is_settled=False)


def forget_beginning(run: RunFolder) -> None:
    """
    Remove a run that this process has begun, unless something is done or in work.

    Otherwise its folder would refuse the command whose mistake, such as an option that the
    predictor does not have, is corrected.
    """
    if not run.is_new:
        return
    claim = claims.take(run.path / _START)
    if claim is None:
        return
    is_used = any(run.is_settled(job) or run.is_claimed(job) for job in run.jobs())
    if not is_used:
        (run.path / MANIFEST).unlink()
        for name in _FOLDERS:
            shutil.rmtree(run.path / name)
    claim.release(is_settled=not is_used)
    with suppress(OSError):  # it holds something else
        run.path.rmdir()


def _names(path: Path) -> Iterator[str]:
    """Yield the names of what a user may have put into a folder."""
    return (one.name for one in path.iterdir() if not one.name.startswith("."))
