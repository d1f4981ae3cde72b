"""One file of all results, in the order of the inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.corpus_prediction.run_folder import RunFolder, Shard
from spanbert_allen.corpus_prediction.whole_files import remove_parts, write_whole

MERGED = "predictions.jsonl"
_CHUNK = 1 << 20


def merge(run: RunFolder) -> Path:
    """
    Write the results of a run as one file in its folder, and return its path.

    Raises a `ConfigError` for a run that is not complete, and a `DataError` for a result that is
    not what its worker wrote.
    """
    open_jobs = sum(1 for _ in run.open_jobs())
    failed = sum(1 for _ in run.failed_jobs())
    if open_jobs or failed:
        what = "--retry-failed tries these again" if failed else "the same command goes on with it"
        raise ConfigError(
            f"{run.path}: the run is not complete, {open_jobs} jobs are left and {failed} have "
            f"failed: {what}"
        )
    target = run.path / MERGED
    remove_parts(target)
    write_whole(target, _bytes(run))
    return target


def _bytes(run: RunFolder) -> Iterator[bytes]:
    for job in run.jobs():
        if isinstance(job, Shard):
            yield from _checked(run, job)


def _checked(run: RunFolder, shard: Shard) -> Iterator[bytes]:
    """Yield the bytes of a shard's results."""
    sha256 = hashlib.sha256()
    path = run.result(shard)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha256.update(chunk)
                yield chunk
    except FileNotFoundError:
        pass
    report = run.report(shard)
    if report is None or sha256.hexdigest() != report["sha256"]:
        raise DataError(
            f"this is not what was written: remove {run.report_path(shard)} and run the command "
            "again, which predicts the shard anew",
            path,
        )
