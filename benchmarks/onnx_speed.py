"""
Compare the engines of prediction: torch, onnxruntime, and onnxruntime with weights of 8 bits.

    .venv/bin/python benchmarks/onnx_speed.py out/quickstart/relation/model.tar.gz dev.json

The model of an archive is evaluated on annotated data, so that the cost in score is seen beside the
speed. Each measurement has a process of its own, and sides take turns. Reading, loading and the
first batch do not count. Numbers are medians over the repeats, and the most memory. On processors
with bf16 instructions there is torch's bf16 as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from typing import Any

from measuring import answer_of, describe_machine, has_bf16, header, memory, start_of_peak

BF16 = "torch, bf16"
COLUMNS = ("engine", "seconds", "processor seconds", "instances a s", "loading s", "peak GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("archive", help="a model.tar.gz")
    parser.add_argument("data", help="annotated data for its reader")
    parser.add_argument("--instances", type=int, default=500, help="how many at most")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    sides = ["torch", *([BF16] if has_bf16() else []), "onnx", "onnx-int8"]
    rows: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(arguments.repeats):
        for side in sides:
            command = [sys.executable, "-W", "ignore", __file__, *sys.argv[1:], "--child", side]
            rows[side].append(answer_of(command))
    print(describe_machine(arguments.threads))
    names = list(rows["torch"][0]["scores"])
    print(header([*COLUMNS, *names]))
    for side, found in rows.items():
        wall, processor, loading = (
            statistics.median(row[name] for row in found)
            for name in ("wall", "processor", "loading")
        )
        scores = [f"{found[0]['scores'][name]:.4f}" for name in names]
        peak = max(row["peak"] for row in found)
        numbers = f"{wall:.2f} | {processor:.2f} | {found[0]['count'] / wall:,.1f} | {loading:.1f}"
        print(f"| {side} | {numbers} | {peak:.2f} | {' | '.join(scores)} |")


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Evaluate with one engine."""
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import spanbert_allen

    spanbert_allen.register()
    from itertools import islice

    import torch
    from allennlp.data.data_loaders import SimpleDataLoader
    from allennlp.models import load_archive
    from allennlp.training.util import evaluate

    from spanbert_allen.conversion.onnx.engine import use_engine

    torch.set_num_threads(arguments.threads)
    start_of_peak()
    began = time.perf_counter()
    is_bf16 = arguments.child == BF16
    archive = load_archive(
        arguments.archive, overrides={"model.embedder.dtype": "bfloat16"} if is_bf16 else {}
    )
    model = archive.model.eval()
    use_engine(model, "torch" if is_bf16 else arguments.child)
    loading = time.perf_counter() - began
    read = archive.validation_dataset_reader.read(arguments.data)
    instances = list(islice(read, arguments.instances))

    def batches(some: list[Any]) -> SimpleDataLoader:
        return SimpleDataLoader(some, arguments.batch_size, vocab=model.vocab)

    with torch.no_grad():
        evaluate(model, batches(instances[: arguments.batch_size]))
    model.get_metrics(reset=True)
    clocks = time.perf_counter(), time.process_time()
    scores = evaluate(model, batches(instances))
    return {
        "wall": time.perf_counter() - clocks[0],
        "processor": time.process_time() - clocks[1],
        "loading": loading,
        "count": len(instances),
        "peak": memory("VmHWM"),
        "scores": {name: value for name, value in scores.items() if isinstance(value, float)},
    }


if __name__ == "__main__":
    main()
