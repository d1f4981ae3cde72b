"""
The time of an update: our `BertAdam`, which clips the gradients too, against torch's `AdamW`, alone
and with `clip_grad_norm_` before it, on the parameters of bert-base.

    .venv/bin/python benchmarks/optimizer_step.py          # about a minute and 4 GB on 2 cores
    .venv/bin/python benchmarks/optimizer_step.py --layers 1 --vocabulary 5000    # a tenth of it

All have the same parameters and gradients and take turns in one process, so that whatever else the
machine does falls on all of them. Times are medians; the aim is a ratio of at most 1.1 against
`AdamW` alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

BASELINE = "AdamW"
NO_DECAY = ("bias", "LayerNorm")


def main() -> None:
    arguments = parse_arguments()
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    named = make_parameters(arguments)
    size = sum(parameter.numel() for parameter in named.values())
    print(
        f"{len(named)} tensors, {size / 1e6:.1f} million numbers, {arguments.device}, "
        f"{arguments.threads} threads, torch {torch.__version__}"
    )
    seconds = measure(make_steps(named), arguments)
    baseline = statistics.median(seconds[BASELINE])
    print(f"{'optimizer':<32} {'median ms':>10} {'least ms':>10} {'ratio':>7}")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(
            f"{name:<32} {1e3 * median:>10.1f} {1e3 * min(times):>10.1f} {median / baseline:>7.2f}"
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--vocabulary", type=int, default=28996)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def make_parameters(arguments: argparse.Namespace) -> dict[str, torch.nn.Parameter]:
    """Random parameters of an encoder's shapes, with gradients."""
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=arguments.vocabulary, num_hidden_layers=arguments.layers)
    with torch.device("meta"):
        shapes = {name: p.shape for name, p in BertModel(config).named_parameters()}
    named = {}
    for name, shape in shapes.items():
        named[name] = torch.nn.Parameter(0.02 * torch.randn(shape, device=arguments.device))
        named[name].grad = 0.01 * torch.randn(shape, device=arguments.device)
    return named


def make_steps(named: dict[str, torch.nn.Parameter]) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    import torch

    from spanbert_allen.training import BertAdam

    parameters = list(named.values())
    groups = [
        {
            "params": [p for n, p in named.items() if any(part in n for part in NO_DECAY) is bare],
            "weight_decay": 0.0 if bare else 0.01,
        }
        for bare in (True, False)
    ]
    adamw = torch.optim.AdamW(groups, lr=1e-6, foreach=True)
    ours = {
        f"BertAdam, clip per {clip}": BertAdam(
            list(named.items()),
            [(list(NO_DECAY), {"weight_decay": 0.0})],
            lr=1e-6,
            clip=clip,
            total_steps=1000,
        )
        for clip in ("tensor", "group")
    }

    def clipped() -> None:
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        adamw.step()

    return {
        BASELINE: adamw.step,
        "clip_grad_norm_ and AdamW": clipped,
        **{name: optimizer.step for name, optimizer in ours.items()},
    }


def measure(
    steps: dict[str, Callable[[], object]], arguments: argparse.Namespace
) -> dict[str, list[float]]:
    """Seconds of each update; the first of each, which makes the moments, is not among them."""
    import torch

    synchronize = torch.cuda.synchronize if arguments.device.startswith("cuda") else lambda: None
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(arguments.repeats + 1):
        for name, step in steps.items():
            synchronize()
            start = time.perf_counter()
            step()
            synchronize()
            if repeat > 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
