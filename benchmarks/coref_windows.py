"""
Measure what windows cost in quality.

An archive is evaluated on annotated documents that it sees whole, and in windows of several sizes.

    .venv/bin/python benchmarks/coref_windows.py out/litbank/model.tar.gz litbank/dev.conll

Windows are for books; documents that are annotated are short, and so the windows here are, too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import product

import torch
from allennlp.models import load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.metrics import score_corpus
from spanbert_allen.modules.coref.windows import CorefWindows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0].strip())
    parser.add_argument("archive")
    parser.add_argument("data", help="annotated documents, as the archive's reader reads them")
    parser.add_argument("--lengths", type=int, nargs="+", default=[1500, 1000, 500])
    parser.add_argument("--overlaps", type=float, nargs="+", default=[0.25], help="of the length")
    parser.add_argument("--remembered", type=int, nargs="+", default=[0, 50, 200])
    parser.add_argument("--max-kept", type=int, nargs="*", default=[], help="limits, seen whole")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    archive = load_archive(arguments.archive)
    model = archive.model.eval()
    instances = list(archive.validation_dataset_reader.read(arguments.data))
    documents = [instance["metadata"].metadata["document"] for instance in instances]
    print("| seen | overlap | remembered | F1 | without singletons | mention recall | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for name, windows, max_kept in _settings(arguments):
        model.windows = windows
        model.head.selection.max_kept = max_kept
        model.get_metrics(reset=True)
        start = time.process_time()
        predicted = [model.forward_on_instance(instance)["clusters"] for instance in instances]
        seconds = time.process_time() - start
        pairs = [(d.clusters, found) for d, found in zip(documents, predicted, strict=True)]
        numbers = [
            100 * score_corpus(pairs).conll_f1,
            100 * score_corpus(pairs, keep_singletons=False).conll_f1,
            100 * model.get_metrics()["mention_recall"],
        ]
        size = f"{windows.overlap} | {windows.remembered}" if windows else "|"
        row = " | ".join(f"{number:.2f}" for number in numbers)
        print(f"| {name} | {size} | {row} | {seconds:.0f} |", flush=True)


def _settings(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, CorefWindows | None, int | None]]:
    """Name, windows and limit of kept spans of each row."""
    yield "whole", None, None
    for limit in arguments.max_kept:
        yield f"whole, at most {limit} spans kept", None, limit
    for length, overlap, remembered in product(
        arguments.lengths, arguments.overlaps, arguments.remembered
    ):
        windows = CorefWindows(length=length, overlap=int(overlap * length), remembered=remembered)
        yield f"{length} units", windows, None


if __name__ == "__main__":
    main()
