"""
Measure whole updates of masked-language modelling: ours, and transformers'.

    .venv/bin/python benchmarks/pretraining_step.py

A side masks the blocks of a batch, goes forward and backward through the encoder and its heads, and
makes a step of AdamW. Ours computes logits at masked pieces only, with the span-boundary objective
or without; transformers' is `DataCollatorForLanguageModeling` and `BertForMaskedLM`, with logits at
all positions. Both have the same encoder of random weights, the same blocks without padding, the
fused AdamW of torch and the masking rate 0.15. Pieces are random, which changes no time. Each side
runs in a process of its own, for its peak of memory; times are medians, in processor time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import transformers
from allennlp.data import Vocabulary
from measuring import describe_machine, has_bf16, header, memory, start_of_peak

import spanbert_allen
from spanbert_allen.data.pretraining.new_encoder import EncoderSizes
from spanbert_allen.encoders import find_encoder
from spanbert_allen.encoders.vocabulary import SPECIAL_PIECES
from spanbert_allen.formats.pretraining import corpus as files

RATE = 0.15
SIDES = ("transformers", "ours, MLM", "ours, MLM and SBO")
PRECISIONS = {"fp32": None, "bf16": torch.bfloat16}
Batches = Iterator[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n", maxsplit=1)[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--pieces", type=int, default=2048, help="of a batch")
    parser.add_argument("--sizes", nargs="+", default=["128x8192", "128x30522", "512x8192"])
    parser.add_argument("--updates", type=int, default=4, help="the first is not timed")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    spanbert_allen.register()
    load = os.getloadavg()[0]
    machine = describe_machine(arguments.threads)
    print(f"{machine}; transformers {transformers.__version__}; load {load:.1f}\n")
    columns = ["length", "vocabulary", "precision", "side", "pieces a second", "times", "peak"]
    print(header(columns))
    for size in arguments.sizes:
        length, vocabulary = map(int, size.split("x"))
        with TemporaryDirectory() as folder:
            write_encoder(Path(folder) / "encoder", arguments, length, vocabulary)
            write_corpus(Path(folder) / "corpus", arguments, length, vocabulary)
            for precision in ["fp32"] + ["bf16"] * has_bf16():
                rates: list[float] = []
                for side in SIDES:
                    rate, peak = in_a_child(arguments, Path(folder), length, side, precision)
                    rates.append(rate)
                    row = [length, vocabulary, precision, side, f"{rate:,.0f}"]
                    row += [f"{rate / rates[0]:.2f}", f"{peak:.2f} GB"]
                    print(f"| {' | '.join(map(str, row))} |", flush=True)


def write_encoder(
    folder: Path, arguments: argparse.Namespace, length: int, vocabulary: int
) -> None:
    """Write an encoder without weights, a third of whose pieces go on with a word."""
    folder.mkdir()
    sizes = EncoderSizes(layers=arguments.layers, dim=arguments.dim, max_length=length)
    (folder / "config.json").write_text(json.dumps(sizes.config(vocabulary)))
    pieces = [f"{'##' if n % 3 == 0 else ''}p{n}" for n in range(vocabulary - len(SPECIAL_PIECES))]
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL_PIECES, *pieces]) + "\n")


def write_corpus(folder: Path, arguments: argparse.Namespace, length: int, vocabulary: int) -> None:
    """Write documents of one sentence each that fill a block."""
    folder.mkdir()
    number = arguments.pieces // length * arguments.updates
    total = number * (length - 2)
    description = files.CorpusDescription(
        encoder="benchmark",
        vocabulary_sha256=files.vocabulary_digest(
            find_encoder(str(folder.parent / "encoder")).vocabulary
        ),
        vocabulary_size=vocabulary,
        num_pieces=total,
        num_words=total,
        num_sentences=number,
        num_documents=number,
    )
    (folder / files.DESCRIPTION).write_text(description.to_json())
    pieces = np.random.default_rng(1).integers(len(SPECIAL_PIECES), vocabulary, total)
    pieces.astype(description.piece_dtype).tofile(folder / files.PIECES)
    ends = np.arange(1, number + 1)
    (ends * (length - 2)).astype("<i8").tofile(folder / files.SENTENCES)
    ends.astype("<i8").tofile(folder / files.DOCUMENTS)


def in_a_child(
    arguments: argparse.Namespace, folder: Path, length: int, side: str, precision: str
) -> tuple[float, float]:
    """Return the pieces a second and the peak of memory of a side, measured in a fork of this."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=measure, args=(arguments, folder, length, side, precision, sender)
    )
    process.start()
    sender.close()
    rate, peak = receiver.recv()
    process.join()
    return rate, peak


def measure(
    arguments: argparse.Namespace, folder: Path, length: int, side: str, precision: str, sender: Any
) -> None:
    """Make updates, and send the pieces a second and the peak of memory."""
    torch.manual_seed(1)
    before = start_of_peak()
    per_batch = arguments.pieces // length
    make = theirs if side == "transformers" else ours
    model, batches = make(folder, length, per_batch, side)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    dtype = PRECISIONS[precision]
    times = []
    for _ in range(arguments.updates):
        began = time.process_time()
        batch = next(batches)
        with nullcontext() if dtype is None else torch.autocast("cpu", dtype):
            loss = model(**batch)["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.process_time() - began)
    rate = per_batch * length / statistics.median(times[1:])
    sender.send((rate, memory("VmHWM") - before))


def ours(
    folder: Path, length: int, per_batch: int, side: str
) -> tuple[Callable[..., Any] | Any, Batches]:
    """Return the model `spanbert_pretrainer` and batches as its data loader makes them."""
    from spanbert_allen.data.indexer import SpanbertIndexer
    from spanbert_allen.data.pretraining.masking import GeometricSpans, Subwords
    from spanbert_allen.dataset_readers.pretraining.reader import PretrainingReader
    from spanbert_allen.models.pretrainer import SpanbertPretrainer
    from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder

    encoder = str(folder / "encoder")
    with_boundaries = side.endswith("SBO")
    masking = (GeometricSpans if with_boundaries else Subwords)(rate=RATE)
    reader = PretrainingReader(SpanbertIndexer(encoder), max_length=length, masking=masking)
    examples = reader.examples(folder / "corpus")
    embedder = SpanbertEmbedder(encoder, from_scratch=True)
    model = SpanbertPretrainer(Vocabulary(), embedder, boundary_weight=float(with_boundaries))
    numbers = (range(start, start + per_batch) for start in range(0, len(examples), per_batch))
    name = examples.masking_names[0]
    return model, (examples.batch(list(one), epoch=0, masking=name) for one in numbers)


def theirs(folder: Path, length: int, per_batch: int, side: str) -> tuple[Any, Batches]:
    """Return transformers' model and the batches of its collator."""
    del side
    config = transformers.BertConfig.from_pretrained(str(folder / "encoder"))
    model = transformers.BertForMaskedLM._from_config(config, attn_implementation="sdpa")
    vocabulary = str(folder / "encoder" / "vocab.txt")
    tokenizer = transformers.BertTokenizerFast(vocabulary, do_lower_case=False)
    collate = transformers.DataCollatorForLanguageModeling(tokenizer, mlm_probability=RATE)
    pieces = files.Corpus(folder / "corpus").pieces.reshape(-1, length - 2).astype(np.int64)
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    blocks = iter({"input_ids": [first, *row.tolist(), last]} for row in pieces)
    return model, (collate(list(islice(blocks, per_batch))) for _ in range(len(pieces)))


if __name__ == "__main__":
    main()
