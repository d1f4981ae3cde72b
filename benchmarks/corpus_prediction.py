"""
Measure what the protocol of `corpus-predict` costs, and its rate with some workers.

The first table compares one loaded model with and without the protocol, in this process, in turn;
the second has workers as the command starts them, without the time in which they load the model.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path

from measuring import describe_machine, header

from spanbert_allen.common.files import replace_file
from spanbert_allen.corpus_prediction.local import predict_locally
from spanbert_allen.corpus_prediction.manifest import Manifest, file_state
from spanbert_allen.corpus_prediction.merging import merge
from spanbert_allen.corpus_prediction.progress import progress_of
from spanbert_allen.corpus_prediction.run_folder import RunFolder, begin_run
from spanbert_allen.corpus_prediction.starting import load_predictor
from spanbert_allen.corpus_prediction.worker import CorpusPredictor, work

AT_ONCE = 64


def plainly(predictor: CorpusPredictor, texts: Path, out: Path) -> None:
    """Predict a file as `predict` does, into one file."""
    predictor.source = str(texts)
    records = predictor.records(str(texts))
    with replace_file(out) as file:
        while group := list(islice(records, AT_ONCE)):
            file.writelines(map(predictor.dump_line, predictor.predict_batch_json(group)))


def by_protocol(predictor: CorpusPredictor, run: RunFolder) -> None:
    """Predict a run in this process, and merge it."""
    work(run, predictor, wait=lambda: time.sleep(1))
    merge(run)


def compare(manifest: Manifest, texts: Path, folder: Path, repeats: int) -> None:
    """Print the processor and wall time of both."""
    predictor = load_predictor(manifest)
    seconds: dict[str, list[tuple[float, float]]] = {"plain": [], "protocol": []}
    plainly(predictor, texts, folder / "warm.jsonl")
    for number in range(repeats):
        for name, times in seconds.items():
            run = begin_run(folder / f"run{number}", manifest, {})
            wall, processor = time.perf_counter(), time.process_time()
            if name == "plain":
                plainly(predictor, texts, folder / "plain.jsonl")
            else:
                by_protocol(predictor, run)
            times.append((time.perf_counter() - wall, time.process_time() - processor))
        merged = (folder / f"run{number}" / "predictions.jsonl").read_bytes()
        assert merged == (folder / "plain.jsonl").read_bytes()
    print(header(["", "wall s (median)", "processor s (median)"]))
    for name, times in seconds.items():
        wall, processor = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"| {name} | {wall:.2f} | {processor:.2f} |")


def with_workers(manifest: Manifest, folder: Path, workers: int) -> float:
    """Return the words a second from the first count to the last shard."""
    run = begin_run(folder / f"workers{workers}", manifest, {})
    started = 0.0

    def look() -> None:
        nonlocal started
        time.sleep(0.1)
        if not started and progress_of(run).counted:
            started = time.perf_counter()

    predict_locally(run, workers=workers, wait=look)
    return progress_of(run).words / (time.perf_counter() - started)


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument("texts", type=Path, help="JSON lines")
    parser.add_argument("--shard-records", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    manifest = Manifest(
        archive=file_state(arguments.archive, is_whole=True),
        inputs=(file_state(arguments.texts, is_whole=False),),
        shard_records=arguments.shard_records,
    )
    print(describe_machine(manifest.threads))
    with tempfile.TemporaryDirectory() as name:
        compare(manifest, arguments.texts, Path(name), arguments.repeats)
        print(f"\n{header(['workers', 'words/s'])}")
        for workers in arguments.workers:
            print(f"| {workers} | {with_workers(manifest, Path(name), workers):,.0f} |")


if __name__ == "__main__":
    main()
