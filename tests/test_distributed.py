"""A run on two processes, outside of the repository: the workers load the plugin and its mends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch

from spanbert_allen.sample_corpus.layouts import write_sample
from tests.places import ROOT, TINY_ENCODER
from tests.training.trainings import Trainings, outcome

CONFIG = {
    "dataset_reader": {
        "type": "text_classification_json",
        "tokenizer": "just_spaces",
        "token_indexers": {"tokens": {"type": "single_id"}},
    },
    "train_data_path": "data.jsonl",
    "validation_data_path": "data.jsonl",
    "model": {
        "type": "basic_classifier",
        "text_field_embedder": {
            "token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 4}}
        },
        "seq2vec_encoder": {"type": "bag_of_embeddings", "embedding_dim": 4},
    },
    "data_loader": {"batch_size": 2},
    "distributed": {"cuda_devices": [-1, -1]},
    "trainer": {
        "num_epochs": 1,
        "optimizer": "adam",
        # Neither its constructor nor its place in a worker is possible without the mends.
        "learning_rate_scheduler": "reduce_on_plateau",
    },
}


@pytest.mark.slow
def test_two_processes(tmp_path):
    records = [{"text": "a b c", "label": str(i % 2)} for i in range(8)]
    (tmp_path / "data.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in records))
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    done = subprocess.run(
        [sys.executable, "-m", "spanbert_allen", "train", "config.json", "-s", "out"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    # All texts are the same and so are their predictions: right for four of the eight.
    assert metrics["validation_accuracy"] == 0.5
    assert (tmp_path / "out" / "model.tar.gz").is_file()


@pytest.fixture(scope="module")
def trainings(tmp_path_factory):
    with Trainings(tmp_path_factory.mktemp("said") / "stderr.txt") as program:
        yield program


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Documents in numbers that two workers cannot divide, and an encoder without dropout."""
    folder = tmp_path_factory.mktemp("corpus")
    write_sample(folder)
    lines = (folder / "coref_dev.jsonl").read_text().splitlines(keepends=True)
    empty = [
        '{"doc_key": "a", "text": "Yes.", "clusters": []}\n',
        '{"doc_key": "b", "text": "", "clusters": []}\n',
    ]
    (folder / "train.jsonl").write_text("".join([*lines[:3], *empty, *lines[3:5]]))
    (folder / "dev.jsonl").write_text("".join([*lines[4:6], empty[0]]))
    shutil.copytree(TINY_ENCODER, folder / "encoder")
    path = folder / "encoder" / "config.json"
    encoder = json.loads(path.read_text())
    encoder |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    path.write_text(json.dumps(encoder))
    return folder


def coref(corpus, num_workers):
    """The same training for one worker or more: as many documents make an update."""
    encoder = {"type": "spanbert", "model_name": str(corpus / "encoder")}
    config = {
        "dataset_reader": {"type": "spanbert_coref_jsonl", "indexer": encoder},
        "train_data_path": str(corpus / "train.jsonl"),
        "validation_data_path": str(corpus / "dev.jsonl"),
        "model": {
            "type": "spanbert_coref",
            "embedder": encoder,
            "head": {"hidden_dim": 10, "max_span_width": 5, "dropout": 0.0},
            "mention_loss_weight": 1.0,
        },
        "data_loader": {"batch_size": 1},
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "evaluate_every_updates": 2,
            "num_gradient_accumulation_steps": 2 // num_workers,
            "validation_metric": "-loss",
            "checkpointer": {"save_every_num_batches": 3},
            "optimizer": {"type": "spanbert_bert_adam", "lr": 0.003},
        },
    }
    if num_workers > 1:
        config["distributed"] = {"cuda_devices": [-1] * num_workers}
    return config


@pytest.mark.slow
def test_two_workers_train_as_one_with_twice_the_accumulation(trainings, corpus, tmp_path):
    trainings.run(coref(corpus, 1), tmp_path / "one")
    trainings.run(coref(corpus, 2), tmp_path / "two")
    one, two = outcome(tmp_path / "one"), outcome(tmp_path / "two")
    for weights in ("weights", "best"):
        for name, weight in one[weights].items():
            torch.testing.assert_close(two[weights][name], weight, rtol=1e-4, atol=1e-6)
    assert [entry["update"] for entry in one["evaluations"]] == [2, 4, 6, 8]
    for mine, its in zip(one["evaluations"], two["evaluations"], strict=True):
        for part in ("training", "validation"):
            assert its[part] == pytest.approx(mine[part], rel=1e-4)
        assert its["learning_rates"] == mine["learning_rates"]
    # The whole of the data was seen: an epoch's loss is the mean over all seven documents.
    key = "training_loss"
    assert two["metrics"][key] == pytest.approx(one["metrics"][key], rel=1e-4)
