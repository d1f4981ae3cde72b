"""
Measure masked word pieces a second on one core.

Our maskings run against transformers' collators for masked language modelling, on the same blocks
of a corpus.

    .venv/bin/spanbert-allen corpus texts/*.txt --out out/train --encoder minilm
    .venv/bin/python benchmarks/pretraining_masking.py out/train --encoder minilm

Each side turns blocks into the padded tensors of a batch. Ours reads the pieces from the mapped
corpus, keeps the exact budget and gives span-boundary targets as well; transformers' collators get
lists of pieces, made before. Recurring spans, which they do not have, are questions without any
masking. Sides take turns in one process; rates are medians over the repeats,
in processor time. Special pieces and padding do not count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers
from measuring import describe_machine, header

import spanbert_allen
from spanbert_allen.data.indexer import SpanbertIndexer
from spanbert_allen.data.pretraining.blocks import single_blocks
from spanbert_allen.data.pretraining.masking import (
    GeometricSpans,
    NoMasking,
    Subwords,
    WholeWords,
)
from spanbert_allen.data.pretraining.questions import RecurringSpans
from spanbert_allen.dataset_readers.pretraining.reader import PretrainingReader
from spanbert_allen.encoders import find_encoder
from spanbert_allen.formats.pretraining.corpus import Corpus

MASKINGS = {"subwords": Subwords, "whole words": WholeWords, "geometric spans": GeometricSpans}
RECURRING_SPANS = "recurring spans"
COLLATORS = {
    "subwords": transformers.DataCollatorForLanguageModeling,
    "whole words": transformers.DataCollatorForWholeWordMask,
}
RATE = 0.15
Side = Callable[[list[int]], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("corpus", type=Path, help="a folder that `spanbert-allen corpus` made")
    parser.add_argument("--encoder", required=True, help="the encoder of the corpus")
    parser.add_argument("--lengths", type=int, nargs="+", default=[126, 510])
    parser.add_argument("--pieces", type=int, default=16384, help="of a batch, about")
    parser.add_argument("--batches", type=int, default=2, help="of a measurement")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    spanbert_allen.register()
    print(f"{describe_machine(1)}; transformers {transformers.__version__}\n")
    print(header(["block", "masking", "side", "million pieces a second"]))
    for length in arguments.lengths:
        for (masking, side), rate in rates_of(arguments, length).items():
            print(f"| {length} | {masking} | {side} | {rate / 1e6:.2f} |")


def rates_of(arguments: argparse.Namespace, length: int) -> dict[tuple[str, str], float]:
    """Return the pieces a second of each masking and side."""
    blocks = single_blocks(Corpus(arguments.corpus), length)
    sizes = (blocks[:, 1] - blocks[:, 0]).tolist()
    per_batch = max(1, arguments.pieces // length)
    needed = min(per_batch * arguments.batches, len(sizes))
    batches = [
        list(range(start, min(start + per_batch, needed))) for start in range(0, needed, per_batch)
    ]
    sides = {
        **{
            (name, "ours"): our_side(arguments, name, length)
            for name in (*MASKINGS, RECURRING_SPANS)
        },
        **{
            (name, "transformers"): their_side(arguments, name, blocks[:needed])
            for name in COLLATORS
        },
    }
    found: dict[tuple[str, str], list[float]] = {key: [] for key in sides}
    for _ in range(arguments.repeats + 1):
        for key, side in sides.items():
            began = time.process_time()
            for batch in batches:
                side(batch)
            found[key].append(sum(sizes[:needed]) / (time.process_time() - began))
    # The first of each has warmed up.
    return {key: statistics.median(rates[1:]) for key, rates in found.items()}


def our_side(arguments: argparse.Namespace, name: str, length: int) -> Side:
    """Make batches as the data loader `spanbert_pretraining` does."""
    indexer = SpanbertIndexer(model_name=arguments.encoder)
    masking = NoMasking() if name == RECURRING_SPANS else MASKINGS[name](rate=RATE)
    questions = RecurringSpans() if name == RECURRING_SPANS else None
    reader = PretrainingReader(indexer, max_length=length + 2, masking=masking, questions=questions)
    examples = reader.examples(arguments.corpus)
    return lambda numbers: examples.batch(numbers, epoch=0, masking=examples.masking_names[0])


def their_side(arguments: argparse.Namespace, name: str, blocks: Any) -> Side:
    """Make batches with one of transformers' collators."""
    files = find_encoder(arguments.encoder)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_bytes(files.vocabulary.to_bytes())
        tokenizer = transformers.BertTokenizerFast(str(path), do_lower_case=files.lower_case)
    collate = COLLATORS[name](tokenizer, mlm_probability=RATE)
    pieces = Corpus(arguments.corpus).pieces
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    inputs = [[first, *pieces[start:end].tolist(), last] for start, end in blocks]
    return lambda numbers: collate([{"input_ids": inputs[number]} for number in numbers])


if __name__ == "__main__":
    main()
