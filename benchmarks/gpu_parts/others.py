"""Question answering, relations and pre-training: training and prediction rates."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from allennlp.nn.util import move_to_device
from plain_loop import make_optimizer
from transformers import BertConfig, BertForQuestionAnswering

from gpu_parts import tasks
from gpu_parts.bench import Bench
from spanbert_allen.modules.layers.precision import mixed_precision
from spanbert_allen.predictors.qa.predictor import QAPredictor
from spanbert_allen.predictors.relation.predictor import RelationPredictor

THEIR_NAMES = {
    "token_ids": "input_ids",
    "type_ids": "token_type_ids",
    "answer_starts": "start_positions",
    "answer_ends": "end_positions",
}


def qa(bench: Bench) -> None:
    """Time windows against transformers' own model in a plain loop, on the same batches."""
    sides = {
        "training": qa_update,
        "training, transformers' loop": their_update,
        "model alone": forward,
        "model alone, transformers'": their_forward,
        "prediction end to end": qa_prediction,
    }
    rates(bench, sides, tasks.qa(bench).amount, "windows/s")


def relation(bench: Bench) -> None:
    """Time examples, as TACRED has them."""
    sides = {"training": relation_update, "prediction end to end": relation_prediction}
    rates(bench, sides, bench.sizes.relations, "examples/s")


def pretraining(bench: Bench) -> None:
    """Time updates on masked blocks."""
    amount = tasks.pretraining(bench).amount
    rates(bench, {"training": pretraining_update}, amount, "pieces/s")


def rates(
    bench: Bench, sides: dict[str, Callable[[Bench, str], Any]], amount: int, unit: str
) -> None:
    for precision in bench.sizes.precisions:
        for case, make in sides.items():
            bench.timed(
                case, partial(make, bench, precision), precision=precision, amount=amount, unit=unit
            )


def qa_update(bench: Bench, precision: str) -> Callable[[], Any]:
    return update(bench, tasks.qa(bench), precision)


def relation_update(bench: Bench, precision: str) -> Callable[[], Any]:
    return update(bench, tasks.relation(bench), precision)


def pretraining_update(bench: Bench, precision: str) -> Callable[[], Any]:
    return update(bench, tasks.pretraining(bench), precision)


def update(bench: Bench, task: tasks.Task, precision: str) -> Callable[[], Any]:
    return tasks.update(bench, task.model, task.batch, precision)


def forward(bench: Bench, precision: str) -> Callable[[], Any]:
    task = tasks.qa(bench)
    return passes(bench, task.model, task.batch, precision)


def passes(bench: Bench, model: Any, batch: dict[str, Any], precision: str) -> Callable[[], Any]:
    """Return a forward pass in evaluation, with the copy of the batch."""
    model = model.to(bench.device).eval()

    def run() -> None:
        tensors = move_to_device(batch, bench.device)
        with torch.inference_mode(), mixed_precision(precision, bench.device):
            model(**tensors)

    return run


def their_model(bench: Bench) -> Any:
    config = json.loads((bench.folder / "base" / "config.json").read_text())
    model = BertForQuestionAnswering._from_config(BertConfig(**config), attn_implementation="sdpa")
    return model.to(bench.device)


def their_batch(bench: Bench) -> dict[str, Any]:
    batch = tasks.qa(bench).batch
    made = {name: batch[ours].long() for ours, name in THEIR_NAMES.items()}
    # Shape: (batch_size, num_pieces)
    made["attention_mask"] = (batch["segment_ids"] >= 0).long()
    return {
        name: value.squeeze(-1) if "positions" in name else value for name, value in made.items()
    }


def their_update(bench: Bench, precision: str) -> Callable[[], Any]:
    """Return an update of transformers' model, in a loop as its examples have it."""
    batch, model = their_batch(bench), their_model(bench).train()
    optimizer = make_optimizer(model, 2e-5)
    scaler = torch.amp.GradScaler(bench.device.type, enabled=precision == "fp16")

    def run() -> None:
        tensors = move_to_device(batch, bench.device)
        with mixed_precision(precision, bench.device):
            loss = model(**tensors).loss
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    return run


def their_forward(bench: Bench, precision: str) -> Callable[[], Any]:
    return passes(bench, their_model(bench), their_batch(bench), precision)


def qa_prediction(bench: Bench, precision: str) -> Callable[[], Any]:
    """Return what answers every question of the batch, from texts to answers."""
    task = tasks.qa(bench, training=False, dtype=tasks.DTYPES[precision])
    predictor = QAPredictor(task.model.to(bench.device), task.reader)
    paragraphs = json.loads((bench.folder / "squad.json").read_text())["data"][0]["paragraphs"]
    questions = [one["qas"][0]["question"] for one in paragraphs]
    contexts = [one["context"] for one in paragraphs]
    return lambda: predictor.predict(questions, contexts)


def relation_prediction(bench: Bench, precision: str) -> Callable[[], Any]:
    task = tasks.relation(bench, dtype=tasks.DTYPES[precision])
    predictor = RelationPredictor(task.model.to(bench.device), task.reader)
    lines = (bench.folder / "records.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return lambda: predictor.predict_batch_json(records)
