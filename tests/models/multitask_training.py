"""A tiny model of three tasks on one encoder, and what it is trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from allennlp.commands.train import train_model
from allennlp.common import Params

import spanbert_allen
from tests.places import FIXTURES

TINY = {"type": "spanbert", "model_name": "tiny"}
SHORT = {**TINY, "max_length": 64}
READERS = {
    "coref": {"type": "spanbert_coref_jsonl", "indexer": SHORT},
    "qa": {
        "type": "spanbert_squad",
        "indexer": TINY,
        "max_length": 40,
        "max_question_length": 12,
        "impossible_answers": True,
    },
    "relation": {"type": "spanbert_relation_jsonl", "indexer": TINY, "mode": "text"},
}
MODELS = {
    "coref": {
        "type": "spanbert_coref",
        "head": {"max_span_width": 5, "hidden_dim": 10, "max_antecedents": 10, "dropout": 0},
        "mention_loss_weight": 1.0,
    },
    "qa": {"type": "spanbert_qa", "impossible_answers": True},
    "relation": {"type": "spanbert_relation", "pooling": {"type": "entity_start"}},
}
BATCHES = {
    "coref": {"type": "spanbert_frozen_batches", "batch_size": 1, "mode": "random"},
    "qa": {"type": "spanbert_token_budget", "max_pieces": 80},
    "relation": {"type": "spanbert_token_budget", "max_pieces": 60},
}
IN_ORDER = {"type": "spanbert_token_budget", "max_pieces": 400, "shuffle": False}


def data(folder: Path) -> dict[str, str]:
    """The files of the tasks, those with annotation made in a folder."""
    lines = (FIXTURES / "coref" / "small.jsonl").read_text(encoding="utf-8").splitlines()
    coref = folder / "coref.jsonl"
    coref.write_text("\n".join(line for line in lines if '"clusters"' in line), encoding="utf-8")
    relation = folder / "relation.jsonl"
    lines = (FIXTURES / "relation" / "own.jsonl").read_text(encoding="utf-8").splitlines()
    relation.write_text("\n".join(line for line in lines if '"label"' in line), encoding="utf-8")
    paths = {"coref": coref, "qa": FIXTURES / "qa" / "squad.json", "relation": relation}
    return {task: str(path) for task, path in paths.items()}


def config(folder: Path, tasks: tuple[str, ...] = ("coref", "qa", "relation")) -> dict[str, Any]:
    paths = {task: path for task, path in data(folder).items() if task in tasks}
    readers = {task: READERS[task] for task in tasks}
    training_readers = {task: dict(reader) for task, reader in readers.items()}
    if "qa" in tasks:
        training_readers["qa"]["training"] = True
    best = {"coref_coref_f1": 1, "qa_f1": 100, "relation_f1": 1}
    return {
        "random_seed": 7,
        "numpy_seed": 7,
        "pytorch_seed": 7,
        "dataset_reader": {"type": "spanbert_multitask", "readers": training_readers},
        "validation_dataset_reader": {"type": "spanbert_multitask", "readers": readers},
        "train_data_path": paths,
        "validation_data_path": paths,
        "vocabulary": {
            "type": "spanbert_multitask",
            "tasks": {"relation": {"type": "spanbert_relation"}} if "relation" in tasks else {},
        },
        "datasets_for_vocab_creation": ["train"],
        "model": {
            "type": "spanbert_multitask",
            "embedder": TINY,
            "tasks": {task: MODELS[task] for task in tasks},
            "mean_of": {name: value for name, value in best.items() if name.startswith(tasks)},
        },
        "data_loader": {
            "type": "spanbert_multitask",
            "batches": {task: BATCHES[task] for task in tasks},
        },
        "validation_data_loader": {
            "type": "spanbert_multitask",
            "batches": dict.fromkeys(tasks, IN_ORDER),
            "evaluation": True,
        },
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "validation_metric": "+mean",
            "optimizer": {"type": "spanbert_bert_adam", "lr": 0.003},
        },
    }


def train(config: dict[str, Any], folder: Path) -> Path:
    """The folder of a training."""
    spanbert_allen.register()
    train_model(Params(json.loads(json.dumps(config))), str(folder))
    return folder
