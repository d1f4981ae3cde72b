"""
Time float32 products of MKL against those of oneDNN, forward and backward.

Torch's own functions use MKL, `spanbert_allen.modules.layers.fast_linear` uses oneDNN.

    .venv/bin/python benchmarks/linear_products.py --threads 2

Shapes are those of an encoder's layers and of the published coreference scorers. Both sides take
turns; GFLOP a second from medians, and the largest difference to the product in float64.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from measuring import describe_machine, header

SHAPES = {
    "MiniLM, in": (2048, 384, 1536),
    "MiniLM, out": (2048, 1536, 384),
    "bert-base, in": (2048, 768, 3072),
    "a sentence": (32, 768, 3072),
    "pairs of spans": (2048, 1172, 3000),
}
"""Rows, numbers in, numbers out."""
COLUMNS = ("product", "pass", "MKL, GFLOP/s", "oneDNN", "faster", "error of MKL", "of oneDNN")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    import torch
    from torch.nn import functional

    from spanbert_allen.modules.layers import fast_linear

    torch.set_num_threads(arguments.threads)
    chosen = "oneDNN" if fast_linear.is_faster() else "MKL"
    print(describe_machine(arguments.threads), f"\nChosen here: {chosen}.\n")
    fast_linear.is_faster = lambda: True
    sides = {"MKL": functional.linear, "oneDNN": fast_linear.linear}
    print(header(COLUMNS))
    for name, (num_rows, num_inputs, num_outputs) in SHAPES.items():
        rows, weight = torch.randn(num_rows, num_inputs), torch.randn(num_outputs, num_inputs)
        exact = rows.double() @ weight.double().t()
        errors = [float((side(rows, weight) - exact).abs().max()) for side in sides.values()]
        work = 2e-9 * num_rows * num_inputs * num_outputs
        for what, passes in (("forward", 1), ("and backward", 3)):
            runs = [prepare(side, rows, weight, what != "forward") for side in sides.values()]
            seconds = medians(runs, arguments.repeats)
            rates = [passes * work / second for second in seconds]
            cells = [f"{rate:.0f}" for rate in rates] + [f"{seconds[0] / seconds[1]:.2f}x"]
            cells += [f"{error:.1e}" for error in errors]
            print(f"| {name} | {what} | {' | '.join(cells)} |", flush=True)


def prepare(side: Callable, rows, weight, with_gradients: bool) -> Callable[[], object]:
    import torch

    if not with_gradients:
        return lambda: side(rows, weight)
    leaves = [tensor.clone().requires_grad_() for tensor in (rows, weight)]
    upstream = torch.randn(len(rows), len(weight))

    def run() -> object:
        return torch.autograd.grad(side(*leaves), leaves, upstream)

    return run


def medians(runs: list[Callable[[], object]], repeats: int) -> list[float]:
    seconds: list[list[float]] = [[] for _ in runs]
    for repeat in range(repeats + 1):
        for run, times in zip(runs, seconds, strict=True):
            began = time.perf_counter()
            run()
            if repeat:
                times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in seconds]


if __name__ == "__main__":
    main()
