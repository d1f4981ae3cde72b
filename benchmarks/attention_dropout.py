"""
What attention's dropout costs in training on a CPU, by implementation of attention.

    .venv/bin/python benchmarks/attention_dropout.py --threads 2

Forward and backward of the encoder alone, in the embedder `spanbert`, on windows full of word
pieces; processor seconds of one thread, or of all together, medians.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time

from measuring import describe_machine, has_bf16, header

COLUMNS = ("pieces a window", "precision", "attention", "its dropout", "processor s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n", maxsplit=1)[0])
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--lengths", type=int, nargs="*", default=[64, 512])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print(describe_machine(arguments.threads), end="\n\n")
    print(header(COLUMNS))
    for length, precision, attention, dropout in itertools.product(
        arguments.lengths, ["fp32"] + ["bf16"] * has_bf16(), ("sdpa", "eager"), (0.1, 0.0)
    ):
        seconds = measure(arguments, length, precision, attention, dropout)
        cells = (str(length), precision, attention, str(dropout), f"{seconds:.2f}")
        print(f"| {' | '.join(cells)} |", flush=True)


def measure(
    arguments: argparse.Namespace, length: int, precision: str, attention: str, dropout: float
) -> float:
    import torch

    import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first
    from spanbert_allen.modules import SpanbertEmbedder

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    embedder = SpanbertEmbedder(
        arguments.encoder, attention=attention, attention_dropout=dropout
    ).train()
    num_pieces = embedder.encoder.config.vocab_size
    token_ids = torch.randint(num_pieces // 2, (arguments.windows, length))
    mask = torch.ones_like(token_ids)
    seconds = []
    for repeat in range(arguments.repeats + 1):
        began = time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            output = embedder.encoder(input_ids=token_ids, attention_mask=mask)
        output.last_hidden_state.float().square().mean().backward()
        embedder.zero_grad()
        if repeat:
            seconds.append(time.process_time() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
