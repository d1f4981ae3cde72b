"""
Measure the time and memory of an update on the parameters of bert-base.

Our `BertAdam`, which clips the gradients too, runs against torch's `AdamW`, alone and with
`clip_grad_norm_` before it.

    .venv/bin/python benchmarks/optimizer_step.py          # some minutes and 3 GB on 2 cores
    .venv/bin/python benchmarks/optimizer_step.py --layers 1 --vocabulary 5000    # a tenth of it

All have the same parameters, gradients and moments and take turns in one process, so that whatever
else the machine does falls on all of them. Gradients are as before each time: "long" ones exceed
the norm in every tensor, so that all are scaled, "short" ones exceed it nowhere. Times are medians;
the aim is a ratio of at most 1.1 against torch's fused `AdamW`. Memory is what a process of its own
takes for two updates, the moments among it, beyond parameters and gradients.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from measuring import answer_of, memory

if TYPE_CHECKING:
    import torch

BASELINES = ("AdamW", "AdamW, fused")
NO_DECAY = ("bias", "LayerNorm")
LONG, SHORT = 1e-2, 1e-5
TENSOR: dict[str, Any] = {"clip": "tensor"}
ALL: dict[str, Any] = {"clip": "group", "clip_name": "all", "bias_correction": True}


class Side(NamedTuple):
    """What is measured: an optimizer, what goes before it, and the size of gradients' numbers."""

    options: dict[str, Any]
    ours: bool
    gradient: float = LONG
    clip_before: bool = False


SIDES = {
    "AdamW": Side({}, ours=False),
    "AdamW, foreach": Side({"foreach": True}, ours=False),
    "AdamW, fused": Side({"fused": True}, ours=False),
    "clip_grad_norm_, AdamW, fused": Side({"fused": True}, ours=False, clip_before=True),
    "BertAdam, no clipping": Side({"clip": None}, ours=True),
    "BertAdam, per tensor, short": Side(TENSOR, ours=True, gradient=SHORT),
    "BertAdam, per tensor, long": Side(TENSOR, ours=True),
    "BertAdam, all as one, short": Side(ALL, ours=True, gradient=SHORT),
    "BertAdam, all as one, long": Side(ALL, ours=True),
}


def main() -> None:
    arguments = parse_arguments()
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    named = make_parameters(arguments)
    if arguments.child:
        print(json.dumps(added_memory(named, SIDES[arguments.child])))
        return
    size = sum(parameter.numel() for parameter in named.values())
    print(
        f"{len(named)} tensors, {size / 1e6:.1f} million numbers, {arguments.device}, "
        f"{arguments.threads} threads, torch {torch.__version__}\n"
    )
    seconds = measure(named, arguments)
    default, fused = (statistics.median(seconds[name]) for name in BASELINES)
    print("| optimizer | median ms | least ms | of default | of fused | GB |")
    print("|---|---|---|---|---|---|")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(
            f"| {name} | {1e3 * median:.0f} | {1e3 * min(times):.0f} | {median / default:.2f} | "
            f"{median / fused:.2f} | {memory_of(name):.2f} |"
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--vocabulary", type=int, default=28996)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--child", choices=list(SIDES), help=argparse.SUPPRESS)
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
        # Shape: the parameter's
        named[name] = torch.nn.Parameter(torch.randn(shape, device=arguments.device).mul_(0.02))
        # Shape: the parameter's
        named[name].grad = torch.randn(shape, device=arguments.device).mul_(LONG)
    return named


def make_optimizer(named: dict[str, torch.nn.Parameter], side: Side) -> torch.optim.Optimizer:
    """Make an optimizer with decay of all but biases and layer norms."""
    import torch

    if side.ours:
        from spanbert_allen.training import BertAdam

        groups = [(list(NO_DECAY), {"weight_decay": 0.0})]
        options = {"lr": 1e-6, "total_steps": 1000, **side.options}
        return BertAdam(list(named.items()), groups, **options)
    undecayed = [p for name, p in named.items() if any(part in name for part in NO_DECAY)]
    decayed = [p for name, p in named.items() if not any(part in name for part in NO_DECAY)]
    parts = [{"params": decayed}, {"params": undecayed, "weight_decay": 0.0}]
    return torch.optim.AdamW(parts, lr=1e-6, weight_decay=0.01, **side.options)


def update(optimizer: torch.optim.Optimizer, side: Side) -> None:
    """Return the functions that are timed."""
    import torch

    if side.clip_before:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
    optimizer.step()


def measure(
    named: dict[str, torch.nn.Parameter], arguments: argparse.Namespace
) -> dict[str, list[float]]:
    """Seconds of each update, but for the first of each side, which makes the moments."""
    import torch

    synchronize = torch.cuda.synchronize if arguments.device.startswith("cuda") else lambda: None
    gradients = [parameter.grad for parameter in named.values()]
    kept = [gradient.clone() for gradient in gradients]
    optimizers = {name: make_optimizer(named, side) for name, side in SIDES.items()}
    moments: dict[torch.Tensor, list[torch.Tensor]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in SIDES}
    for repeat in range(arguments.repeats + 1):
        for name, optimizer in optimizers.items():
            torch._foreach_copy_(gradients, kept)
            torch._foreach_mul_(gradients, SIDES[name].gradient / LONG)
            synchronize()
            start = time.perf_counter()
            update(optimizer, SIDES[name])
            synchronize()
            if repeat > 0:
                seconds[name].append(time.perf_counter() - start)
            else:
                share_moments(optimizer, moments)
    return seconds


def share_moments(
    optimizer: torch.optim.Optimizer, moments: dict[torch.Tensor, list[torch.Tensor]]
) -> None:
    """Let all optimizers have one pair of moments, so that many of them fit into memory."""
    for parameter, state in optimizer.state.items():
        names = [name for name, value in state.items() if value.shape == parameter.shape]
        shared = moments.setdefault(parameter, [state[name] for name in names])
        state.update(zip(names, shared, strict=True))


def added_memory(named: dict[str, torch.nn.Parameter], side: Side) -> float:
    """Return the most gigabytes of two updates in this process, which has made none yet."""
    optimizer = make_optimizer(named, side)
    before = memory("VmRSS")
    for _ in range(2):
        update(optimizer, side)
    return memory("VmHWM") - before


def memory_of(name: str) -> float:
    """Return the same, measured in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--child", name]
    return float(answer_of(command))


if __name__ == "__main__":
    main()
