"""Start as a worker: load the model of a run, and work on it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from spanbert_allen.corpus_prediction.manifest import Manifest
from spanbert_allen.corpus_prediction.run_folder import open_run
from spanbert_allen.corpus_prediction.worker import CorpusPredictor, work

_SECONDS_BETWEEN_LOOKS = 1.0


def run_worker(path: Path, *, number: int = 0, parent: int | None = None) -> None:
    """
    Load the model of a run, and do jobs until all are settled.

    # Parameters

    path : `Path`
        The folder of the run.
    number : `int`, optional (default = `0`)
        The worker's number, which chooses a GPU where the run is for several.
    parent : `int`, optional (default = `None`)
        The process that started this one: without it, no further job is begun.
    """
    run = open_run(path)
    run.manifest.archive.check(is_whole=True)
    if next(run.open_jobs(), None) is None:
        return
    predictor = load_predictor(run.manifest, number)
    work(
        run,
        predictor,
        wait=lambda: time.sleep(_SECONDS_BETWEEN_LOOKS),
        goes_on=lambda: parent is None or os.getppid() == parent,
    )


def load_predictor(manifest: Manifest, number: int = 0) -> CorpusPredictor:
    """Load the model of a run as its settings say, for the worker of a number."""
    os.environ["OMP_NUM_THREADS"] = str(manifest.threads)  # read when torch is imported
    import torch

    from spanbert_allen.loading import load

    torch.set_num_threads(manifest.threads)
    device = manifest.device
    if device == "cuda":
        device = f"cuda:{number % max(1, torch.cuda.device_count())}"
    return load(
        manifest.archive.path,
        device=device,
        overrides=manifest.overrides,
        trust=manifest.include_package,
        **manifest.predictor_args,
    )
