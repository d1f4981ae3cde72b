"""
The time of an update: our `BertAdam`, which clips the gradients too, against torch's `AdamW`, alone
and with `clip_grad_norm_` before it, on the parameters of bert-base.

    .venv/bin/python benchmarks/optimizer_step.py          # about a minute and 8 GB on 2 cores
    .venv/bin/python benchmarks/optimizer_step.py --layers 1 --vocabulary 5000    # a tenth of it

All have the same parameters and gradients and take turns in one process, so that whatever else the
machine does falls on all of them; gradients are as before each time, so that there is something to
clip. Times are medians; the aim is a ratio of at most 1.1 against torch's default `AdamW`, and its
`fused` one is shown beside it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

BASELINE = "AdamW"
NO_DECAY = ("bias", "LayerNorm")
OURS: dict[str, dict[str, Any]] = {
    "no clipping": {"clip": None},
    "clip per tensor": {"clip": "tensor"},
    "clip all, corrected": {"clip": "group", "clip_name": "all", "bias_correction": True},
}


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
    seconds = measure(named, make_steps(named), arguments)
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


def is_decayed(name: str) -> bool:
    """Whether weight decay is for the parameter."""
    return not any(part in name for part in NO_DECAY)


def make_steps(named: dict[str, torch.nn.Parameter]) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    import torch

    from spanbert_allen.training import BertAdam

    parameters = list(named.values())
    decayed = [[p for n, p in named.items() if is_decayed(n)], 0.01]
    undecayed = [[p for n, p in named.items() if not is_decayed(n)], 0.0]

    def torchs(**options: bool) -> torch.optim.AdamW:
        groups = [{"params": ps, "weight_decay": decay} for ps, decay in (decayed, undecayed)]
        return torch.optim.AdamW(groups, lr=1e-6, **options)

    adamw = {
        BASELINE: torchs(),
        "AdamW, foreach": torchs(foreach=True),
        "AdamW, fused": torchs(fused=True),
    }
    ours = {
        f"BertAdam, {said}": BertAdam(
            list(named.items()),
            [(list(NO_DECAY), {"weight_decay": 0.0})],
            lr=1e-6,
            total_steps=1000,
            **options,
        )
        for said, options in OURS.items()
    }

    def clipped() -> None:
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        adamw["AdamW, fused"].step()

    return {
        **{name: optimizer.step for name, optimizer in adamw.items()},
        "clip_grad_norm_, AdamW, fused": clipped,
        **{name: optimizer.step for name, optimizer in ours.items()},
    }


def measure(
    named: dict[str, torch.nn.Parameter],
    steps: dict[str, Callable[[], object]],
    arguments: argparse.Namespace,
) -> dict[str, list[float]]:
    """Seconds of each update; the first of each, which makes the moments, is not among them."""
    import torch

    synchronize = torch.cuda.synchronize if arguments.device.startswith("cuda") else lambda: None
    gradients = [parameter.grad.clone() for parameter in named.values()]
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(arguments.repeats + 1):
        for name, step in steps.items():
            torch._foreach_copy_([p.grad for p in named.values()], gradients)
            synchronize()
            start = time.perf_counter()
            step()
            synchronize()
            if repeat > 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
