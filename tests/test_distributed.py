"""
Runs on two processes, outside of the repository: the workers load the plugin and its mends, and
train as one process does that makes an update of as many documents.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

import pytest
import torch

from spanbert_allen.__main__ import main
from spanbert_allen.sample_corpus.layouts import write_sample
from tests.forks import exit_status, fork
from tests.models.multitask_training import config as multitask
from tests.places import FIXTURES, ROOT, TINY_ENCODER
from tests.training.recovery.configs import pretraining
from tests.training.trainings import Trainings, assert_equal, outcome


@pytest.fixture(scope="module")
def trainings(tmp_path_factory):
    return Trainings(tmp_path_factory.mktemp("said") / "stderr.txt")


def write_texts(path, texts):
    """One a line, as `text_classification_json` reads them."""
    records = [{"text": text, "label": label} for text, label in texts]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


def on_workers(config, num_workers, documents_per_update):
    """The same training for one worker or more."""
    if num_workers > 1:
        config["distributed"] = {"cuda_devices": [-1] * num_workers}
    steps = documents_per_update // num_workers
    config["data_loader"] = {"batch_size": 1}
    config["trainer"]["num_gradient_accumulation_steps"] = steps
    return config


def assert_close(one, two):
    """That two outcomes are the same but for roundings."""
    for weights in ("weights", "best"):
        for name, weight in one[weights].items():
            torch.testing.assert_close(two[weights][name], weight, rtol=1e-4, atol=1e-6)
    assert len(one["evaluations"]) == len(two["evaluations"])
    for mine, its in zip(one["evaluations"], two["evaluations"], strict=True):
        assert its["update"] == mine["update"]
        for part in ("training", "validation"):
            assert its[part] == pytest.approx(mine[part], rel=1e-4)
        assert its["learning_rates"] == mine["learning_rates"]
    # The whole of the data was seen: an epoch's loss is the mean over all documents.
    key = "training_loss"
    assert two["metrics"][key] == pytest.approx(one["metrics"][key], rel=1e-4)


CLASSIFIER = {
    "dataset_reader": {
        "type": "text_classification_json",
        "tokenizer": "just_spaces",
        "token_indexers": {"tokens": {"type": "single_id"}},
    },
    "train_data_path": "train.jsonl",
    "validation_data_path": "dev.jsonl",
    "model": {
        "type": "basic_classifier",
        "text_field_embedder": {
            "token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 4}}
        },
        "seq2vec_encoder": {"type": "bag_of_embeddings", "embedding_dim": 4},
    },
    "data_loader": {"batch_size": 1},
    "distributed": {"cuda_devices": [-1, -1]},
    "trainer": {
        "type": "spanbert",
        "num_epochs": 1,
        "optimizer": {"type": "adam", "lr": 0.1},
        # Neither its constructor nor its place in a worker is possible without the mends.
        "learning_rate_scheduler": "reduce_on_plateau",
    },
}


def train(folder):
    """The command in a fork; its workers are new processes, as always."""
    os.environ |= {"HOME": str(folder), "PYTHONPATH": str(ROOT)}
    os.chdir(folder)
    sys.argv = ["spanbert-allen", "train", "config.json", "-s", "out"]
    sys.exit(main())


@pytest.mark.slow
def test_the_command(tmp_path):
    write_texts(tmp_path / "train.jsonl", [("a b c", label) for label in "00010"])
    write_texts(tmp_path / "dev.jsonl", [("a b c", label) for label in "010"])
    (tmp_path / "config.json").write_text(json.dumps(CLASSIFIER))
    said = tmp_path / "said.txt"
    status = exit_status(fork(train, tmp_path, said=said))
    assert status == 0, said.read_text()[-3000:]
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    # All texts are the same and so are their predictions: each of the three counts once.
    assert metrics["validation_accuracy"] == pytest.approx(2 / 3)
    assert (tmp_path / "out" / "model.tar.gz").is_file()


def heads(folder, num_workers, documents_per_update):
    config = {
        **CLASSIFIER,
        "train_data_path": str(folder / "train.jsonl"),
        "validation_data_path": str(folder / "dev.jsonl"),
        "model": {
            "type": "test_three_heads",
            "text_field_embedder": CLASSIFIER["model"]["text_field_embedder"],
        },
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            # To have no gradient and to have one of zeros is not the same for it.
            "optimizer": {"type": "huggingface_adamw", "lr": 0.01, "weight_decay": 0.5},
        },
    }
    del config["distributed"]
    return on_workers(config, num_workers, documents_per_update)


@pytest.mark.slow
@pytest.mark.parametrize("documents_per_update", [2, 4])
def test_parameters_that_some_batches_do_not_use(trainings, tmp_path, documents_per_update):
    # One head is for the first text, which with four texts an update is not in the last batch of
    # one; and for the last but one, which a worker gets again when it has run out. Another is for
    # the longest, which is measured before the first update and in a later one.
    words = [3, 1, 4, 1, 8, 3, 1]
    write_texts(tmp_path / "train.jsonl", [("a " * n, str(i % 2)) for i, n in enumerate(words)])
    write_texts(tmp_path / "dev.jsonl", [("a " * n, str(n % 2)) for n in range(1, 6)])
    for number, folder in ((1, "one"), (2, "two")):
        config = heads(tmp_path, number, documents_per_update)
        trainings.run(config, tmp_path / folder, imports=["tests.training.three_heads"])
    one = outcome(tmp_path / "one")
    assert_close(one, outcome(tmp_path / "two"))
    assert [entry["validation"]["num_words"] for entry in one["evaluations"]] == [3.0, 3.0]


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
    (folder / "five.jsonl").write_text("".join([*lines[:4], empty[0]]))
    (folder / "dev.jsonl").write_text("".join([*lines[4:6], empty[0]]))
    (folder / "one.jsonl").write_text(lines[0])
    shutil.copytree(TINY_ENCODER, folder / "encoder")
    path = folder / "encoder" / "config.json"
    encoder = json.loads(path.read_text())
    encoder |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    path.write_text(json.dumps(encoder))
    return folder


def coref(corpus, num_workers, *, train="train.jsonl", dev="dev.jsonl"):
    encoder = {"type": "spanbert", "model_name": str(corpus / "encoder")}
    config = {
        "dataset_reader": {"type": "spanbert_coref_jsonl", "indexer": encoder},
        "train_data_path": str(corpus / train),
        "validation_data_path": str(corpus / dev),
        "model": {
            "type": "spanbert_coref",
            "embedder": encoder,
            "head": {"hidden_dim": 10, "max_span_width": 5, "dropout": 0.0},
            "mention_loss_weight": 1.0,
            "singleton_threshold": -100.0,
        },
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "validation_metric": "-loss",
            "announce_memory": False,
            # A small eps makes steps of gradients that are nothing but roundings.
            "optimizer": {
                "type": "spanbert_bert_adam",
                "lr": 0.003,
                "eps": 0.001,
                "parameter_groups": [[["^embedder"], {"lr": 0.001, "weight_decay": 0.0}]],
            },
        },
    }
    return on_workers(config, num_workers, 4)


@pytest.mark.slow
def test_two_workers_train_as_one(trainings, corpus, tmp_path):
    for number, folder in ((1, "one"), (2, "two")):
        config = coref(corpus, number)
        config["trainer"]["evaluate_every_updates"] = 3
        trainings.run(config, tmp_path / folder)
    one = outcome(tmp_path / "one")
    assert_close(one, outcome(tmp_path / "two"))
    assert [entry["update"] for entry in one["evaluations"]] == [3, 4]
    assert one["evaluations"][-1]["validation"]["coref_f1"] > 0.0


@pytest.mark.slow
def test_two_workers_pre_train_on_the_blocks_and_masks_of_one(trainings, corpus, tmp_path):
    for number, folder in ((1, "one"), (2, "two")):
        config = pretraining(FIXTURES / "pretraining" / "corpus")
        for part in (config["dataset_reader"], config["validation_dataset_reader"]):
            part["indexer"] = {"type": "spanbert", "model_name": str(corpus / "encoder")}
            part["max_length"] = 12
        # Of each masking an odd number of batches: at times workers have seen different ones.
        schemes = ("spanbert_subwords", "spanbert_geometric_spans")
        maskings = {name: {"type": name} for name in schemes}
        config["validation_dataset_reader"]["maskings"] = maskings
        config["model"]["embedder"] = config["dataset_reader"]["indexer"]
        config["trainer"]["optimizer"]["eps"] = 0.001
        loaders = config["data_loader"], config["validation_data_loader"]
        config = on_workers(config, number, 2)
        config["data_loader"], config["validation_data_loader"] = loaders
        config["data_loader"]["max_pieces"] = config["validation_data_loader"]["max_pieces"] = 24
        trainings.run(config, tmp_path / folder)
    one = outcome(tmp_path / "one")
    assert_close(one, outcome(tmp_path / "two"))
    assert [entry["update"] for entry in one["evaluations"]] == [3, 6]


@pytest.mark.slow
def test_two_workers_train_several_tasks_as_one(trainings, corpus, tmp_path):
    encoder = {"type": "spanbert", "model_name": str(corpus / "encoder")}
    for number, folder in ((1, "one"), (2, "two")):
        config = multitask(tmp_path)
        for readers in (config["dataset_reader"], config["validation_dataset_reader"]):
            for task, reader in readers["readers"].items():
                readers["readers"][task] = {**reader, "indexer": {**reader["indexer"], **encoder}}
        config["model"]["embedder"] = encoder
        relation = config["model"]["tasks"]["relation"]
        config["model"]["tasks"]["relation"] = {**relation, "dropout": 0.0}
        config["trainer"] |= {"announce_memory": False, "validation_metric": "-loss"}
        config["trainer"]["optimizer"]["eps"] = 0.001
        loader = config["data_loader"]
        config = on_workers(config, number, 2)
        # In an update the workers may have batches of two tasks, or both of one.
        config["data_loader"] = {**loader, "batches_per_epoch": 9}
        trainings.run(config, tmp_path / folder)
    one = outcome(tmp_path / "one")
    assert_close(one, outcome(tmp_path / "two"))
    assert [entry["update"] for entry in one["evaluations"]] == [5, 10]
    assert one["evaluations"][-1]["validation"].keys() >= {"coref_coref_f1", "qa_f1", "relation_f1"}


@pytest.mark.slow
def test_two_workers_recover(trainings, corpus, tmp_path):
    # Three steps an epoch, of which the second worker has data for two: one update and a step that
    # is carried to the next epoch.
    config = coref(corpus, 2, train="five.jsonl")
    config["data_loader"] = {"batch_size": 1, "shuffle": True}
    config["model"]["head"]["dropout"] = 0.3
    config["trainer"] |= {
        "leftover": "carry",
        "checkpointer": {"save_every_num_batches": 1, "keep_most_recent_by_count": 99},
    }
    trainings.run(config, tmp_path / "whole")
    outcomes = {}
    for place in ("e0_b1", "e1_b0"):
        folder = tmp_path / place
        shutil.copytree(tmp_path / "whole", folder)
        for path in folder.glob("*_state_*.th"):
            if path.stem.partition("_state_")[2] > place:
                path.unlink()
        trainings.run(config, folder, recover=True)
        outcomes[place] = outcome(folder)
    whole = outcome(tmp_path / "whole")
    assert_equal(whole, outcomes["e0_b1"])
    # Here each worker went on with the mean of the carried gradients instead of with its own.
    assert_close(whole, outcomes["e1_b0"])


@pytest.mark.slow
def test_fewer_documents_than_workers(trainings, corpus, tmp_path):
    status = trainings.run(coref(corpus, 2, dev="one.jsonl"), tmp_path / "run", fails=True)
    assert status == 1
    assert "there are 2 workers, but only 1 got any validation data" in trainings.said.read_text()
