"""
What attention costs in training on a CPU, by its implementation, its dropout and the precision.

    .venv/bin/python benchmarks/attention_training.py --threads 2
    .venv/bin/python benchmarks/attention_training.py --lengths 64 128 256 512 --pieces 4096 \
        --dropouts 0 --precisions bf16

Forward and backward of the encoder alone, in the embedder `spanbert`, on windows full of word
pieces; medians of processor seconds of all threads together, the sides by turns. `sdpa` and `eager`
are the embedder's; `transformers` is the attention that transformers gives a `BertModel`, torch's
own in every precision.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from measuring import describe_machine, has_bf16, header

SIDES = ("transformers", "sdpa", "eager")
COLUMNS = ("pieces a window", "precision", "its dropout", "attention", "processor s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n", maxsplit=1)[0])
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--pieces", type=int, default=2048, help="of a batch")
    parser.add_argument("--lengths", type=int, nargs="*", default=[64, 512])
    parser.add_argument("--dropouts", type=float, nargs="*", default=[0.1, 0.0])
    parser.add_argument("--precisions", nargs="*", default=["fp32"] + ["bf16"] * has_bf16())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print(describe_machine(arguments.threads), end="\n\n")
    print(header(COLUMNS))
    for length, precision, dropout in itertools.product(
        arguments.lengths, arguments.precisions, arguments.dropouts
    ):
        passes = {side: one_pass(arguments, side, length, precision, dropout) for side in SIDES}
        for side, seconds in measured(passes, arguments.repeats).items():
            cells = (str(length), precision, str(dropout), side, f"{seconds:.2f}")
            print(f"| {' | '.join(cells)} |", flush=True)


def measured(passes: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Return the median of each side's seconds."""
    seconds: dict[str, list[float]] = {side: [] for side in passes}
    order = deque(passes)
    for repeat in range(repeats + 1):
        for side in order:
            began = time.process_time()
            passes[side]()
            if repeat:
                seconds[side].append(time.process_time() - began)
        order.rotate()  # what runs after a side may profit from the memory that it left
    return {side: statistics.median(taken) for side, taken in seconds.items()}


def one_pass(
    arguments: argparse.Namespace, side: str, length: int, precision: str, dropout: float
) -> Callable[[], None]:
    import torch
    from transformers.models.bert.modeling_bert import BertSdpaSelfAttention

    import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first
    from spanbert_allen.modules import SpanbertEmbedder

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    embedder = SpanbertEmbedder(
        arguments.encoder,
        attention="eager" if side == "eager" else "sdpa",
        attention_dropout=dropout,
    ).train()
    if side == "transformers":
        for part in embedder.modules():
            if isinstance(part, BertSdpaSelfAttention):
                part.__class__ = BertSdpaSelfAttention
    num_pieces = embedder.encoder.config.vocab_size
    token_ids = torch.randint(num_pieces // 2, (arguments.pieces // length, length))
    return partial(forward_and_backward, embedder, token_ids, precision)


def forward_and_backward(embedder: Any, token_ids: Any, precision: str) -> None:
    import torch

    mask = torch.ones_like(token_ids)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
        output = embedder.encoder(input_ids=token_ids, attention_mask=mask)
    output.last_hidden_state.float().square().mean().backward()
    embedder.zero_grad()


if __name__ == "__main__":
    main()
