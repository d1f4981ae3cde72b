"""`spanbert-allen corpus-predict`: predictions for many files, which no interruption loses."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanbert_allen.common.engines import ENGINE_HELP, ENGINES, TORCH
from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.common.paths import refuse_empty_path

if TYPE_CHECKING:
    from spanbert_allen.corpus_prediction.manifest import FileState
    from spanbert_allen.corpus_prediction.run_folder import RunFolder

HELP = "predict a corpus of many files with many processes, going on after interruptions"
EXAMPLE = "spanbert-allen corpus-predict model.tar.gz 'texts/*.jsonl.gz' out --workers 2 --merge"

_SHARD_RECORDS = 500
_ARCHIVE = "model.tar.gz"
_LEAST_PATHS = 3
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_BETWEEN_LINES = 5.0
_ENGINE = "engine"
_OF_COMMAND = {"device": "--device", "overrides": "--overrides", "trust": "--include-package"}
"""What `load` takes beside a predictor's options, and the options of this command for it."""
_SETTINGS = ("shard_records", "predictor_args", "overrides", "include_package", "device", "threads")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = (
        "spanbert-allen corpus-predict ARCHIVE INPUT... OUT [options]\n"
        "       spanbert-allen corpus-predict OUT [options]"
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a trained model; files, packed (.gz) or not, or globs in quotes, of any format that "
        "`predict` reads; and the folder for the results. The folder alone goes on with its run",
    )
    parser.add_argument(
        "--executor",
        choices=("local", "ray", "slurm"),
        default="local",
        help="processes here, actors of Ray, or the script of an array job (default: %(default)s)",
    )
    parser.add_argument(
        "--ray-address", help="a cluster of Ray that runs (default: start Ray on this machine)"
    )
    parser.add_argument(
        "--workers",
        type=_number,
        default=1,
        help="processes, actors or tasks (default: %(default)s)",
    )
    parser.add_argument("--merge", action="store_true", help="at the end, join all results")
    parser.add_argument("--status", action="store_true", help="say how far it is, and do nothing")
    parser.add_argument(
        "--retry-failed", action="store_true", help="try failed inputs and shards again"
    )
    results = parser.add_argument_group("what the results follow from, fixed when a run begins")
    results.add_argument(
        "--shard-records",
        type=_number,
        help=f"records that are lost at most when a worker is killed (default: {_SHARD_RECORDS})",
    )
    results.add_argument(
        "--predictor-args", type=_settings, metavar="JSON", help="options of the predictor"
    )
    results.add_argument(f"--{_ENGINE}", choices=ENGINES, help=f"{ENGINE_HELP} (default: {TORCH})")
    results.add_argument(
        "--overrides", type=_settings, metavar="JSON", help="other settings of the configuration"
    )
    results.add_argument(
        "--include-package", action="append", metavar="PACKAGE", help="import a package of yours"
    )
    results.add_argument(
        "--device", help="cpu; cuda, whose GPUs the workers share; or cuda:N (default: cpu)"
    )
    results.add_argument(
        "--threads", type=_number, help="of a worker (default: processors by workers)"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--worker-number", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Do what the options say, and return the exit status: 1 if something could not be done."""
    from spanbert_allen.corpus_prediction.merging import merge
    from spanbert_allen.corpus_prediction.progress import (
        problem_lines,
        progress_line,
        progress_of,
        status_lines,
    )
    from spanbert_allen.corpus_prediction.run_folder import forget_beginning
    from spanbert_allen.corpus_prediction.slurm import write_job_script

    for path in arguments.paths:
        refuse_empty_path(path, "an archive, an input or the results", "name each of them")
    out = Path(arguments.paths[-1])
    if arguments.ray_address is not None and arguments.executor != "ray":
        raise ConfigError("--ray-address says where Ray runs: give `--executor ray` with it")
    if arguments.worker:
        _work(out, arguments)
        return 0
    if arguments.status:
        from spanbert_allen.corpus_prediction.run_folder import open_run

        _print_lines(status_lines(open_run(out)))
        return 0
    corpus = _open(out, arguments)
    if arguments.retry_failed:
        corpus.forget_failures()
    if next(corpus.open_jobs(), None) is not None:
        if arguments.executor == "slurm":
            script = write_job_script(corpus, workers=arguments.workers)
            after = " and, when all is done, give --merge again" if arguments.merge else ""
            print(f"{script} is written: `sbatch {script}`, then look with --status{after}")
            return 0
        try:
            _predict(corpus, arguments)
        except UserError:
            forget_beginning(corpus)
            raise
    progress = progress_of(corpus)
    print(f"{out}: {progress_line(corpus, progress)}")
    for line in problem_lines(corpus):
        print(line, file=sys.stderr)
    if arguments.merge:
        print(merge(corpus))
    return int(progress.failed_records + progress.failed > 0)


def _open(out: Path, arguments: argparse.Namespace) -> RunFolder:
    """Begin the run that is asked for, or go on with it."""
    from spanbert_allen.corpus_prediction.manifest import Manifest, file_state, input_files
    from spanbert_allen.corpus_prediction.run_folder import begin_run, open_run

    archive, *patterns = arguments.paths[:-1] or [None]
    given: dict[str, Any] = {
        name: value for name in _SETTINGS if (value := getattr(arguments, name)) is not None
    }
    if "include_package" in given:
        given["include_package"] = tuple(given["include_package"])
    for name in given.get("predictor_args", {}):
        if name in _OF_COMMAND:
            raise ConfigError(
                f"--predictor-args: `{name}` is no option of the predictor: give "
                f"{_OF_COMMAND[name]}"
            )
    corpus = open_run(out) if archive is None else None
    if arguments.engine is not None:  # one of the predictor's options, by a name of its own
        of_run = {} if corpus is None else corpus.manifest.predictor_args
        own = {**given.get("predictor_args", of_run)}
        own.pop(_ENGINE, None)
        if arguments.engine != TORCH:  # which is the same as to name none
            own[_ENGINE] = arguments.engine
        given["predictor_args"] = own
    if corpus is not None:
        corpus.manifest.refuse_others(given, out)
        corpus.manifest.check_files()
        return corpus
    if len(arguments.paths) < _LEAST_PATHS:
        raise ConfigError(
            f"{archive} {out}: two paths say too little: give `ARCHIVE INPUT... OUT` to begin a "
            "run, or its folder alone to go on with it"
        )
    inputs = (file_state(path, is_whole=False) for path in input_files(patterns, out))
    given |= {"archive": _archive_state(Path(archive)), "inputs": tuple(inputs)}
    chosen = {"shard_records": _SHARD_RECORDS, "threads": _threads(arguments.workers)} | given
    return begin_run(out, Manifest(**chosen), given)


def _archive_state(path: Path) -> FileState:
    """Return what the archive is, also where the folder of a training is named."""
    from spanbert_allen.corpus_prediction.manifest import file_state

    if path.is_dir():
        path /= _ARCHIVE
        if not path.is_file():
            raise ConfigError(
                f"{path}: there is no such file: the training in this folder is not finished; give "
                "an archive"
            )
    return file_state(path, is_whole=True)


def _work(out: Path, arguments: argparse.Namespace) -> None:
    from spanbert_allen.common.foreign_warnings import ignore_foreign_warnings
    from spanbert_allen.corpus_prediction.starting import run_worker

    ignore_foreign_warnings()
    run_worker(out, number=arguments.worker_number or 0, parent=arguments.parent)


def _predict(corpus: RunFolder, arguments: argparse.Namespace) -> None:
    from spanbert_allen.corpus_prediction.local import predict_locally
    from spanbert_allen.corpus_prediction.on_ray import predict_on_ray

    options: dict[str, Any] = {"workers": arguments.workers, "wait": _looks(corpus)}
    if arguments.executor == "ray":
        predict_on_ray(corpus, **options, address=arguments.ray_address)
    else:
        predict_locally(corpus, **options)


def _looks(corpus: RunFolder) -> Callable[[], None]:
    """Return a function that waits a moment and now and then shows how far a run is."""
    from spanbert_allen.corpus_prediction.progress import Rate, progress_line, progress_of

    rate = Rate(progress_of(corpus))
    shown, line = time.monotonic(), ""

    def look() -> None:
        nonlocal shown, line
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        if time.monotonic() - shown < _SECONDS_BETWEEN_LINES:
            return
        shown = time.monotonic()
        progress = progress_of(corpus)
        parts = filter(None, (progress_line(corpus, progress), rate.line(progress)))
        before, line = line, ", ".join(parts)
        if line != before:
            print(line, file=sys.stderr)

    return look


def _print_lines(lines: Any) -> None:
    for line in lines:
        print(line)


def _threads(workers: int) -> int:
    """Return how many threads each of some workers may have."""
    known = getattr(os, "sched_getaffinity", None)
    processors = len(known(0)) if known else os.cpu_count() or 1
    return max(1, processors // workers)


def _number(text: str) -> int:
    """Read a number from 1 on."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _settings(text: str) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("not a JSON object, as in '{\"probabilities\": true}'")
    return value
