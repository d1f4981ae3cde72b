from __future__ import annotations

import json
import shutil
import tarfile

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.models.archival import load_archive

from spanbert_allen.modules.encoder import bert as bert_encoder
from tests.fixtures.make_tiny_spanbert import SHIPPED

LINES = [
    {"text": "The story was very good", "label": "1"},
    {"text": "It was bad and cold", "label": "0"},
]


def settings(model_name: str, data: str) -> Params:
    encoder = {"type": "spanbert", "model_name": model_name}
    return Params(
        {
            "dataset_reader": {
                "type": "text_classification_json",
                "tokenizer": "whitespace",
                "token_indexers": {"words": {**encoder, "max_length": 32, "namespace": "tags"}},
            },
            "train_data_path": data,
            "model": {
                "type": "basic_classifier",
                "namespace": "tags",
                "text_field_embedder": {"token_embedders": {"words": encoder}},
                "seq2vec_encoder": {"type": "bag_of_embeddings", "embedding_dim": 20},
            },
            "data_loader": {"batch_size": 2},
            "trainer": {"num_epochs": 1, "optimizer": {"type": "sgd", "lr": 0.1}},
        }
    )


def test_an_archive_is_loaded_without_the_encoder_it_was_trained_from(tmp_path, monkeypatch):
    source = tmp_path / "source"
    shutil.copytree(SHIPPED, source)
    data = tmp_path / "train.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    model = train_model(settings(str(source), str(data)), str(tmp_path / "run"))
    shutil.rmtree(source)

    archive_file = tmp_path / "run" / "model.tar.gz"
    with tarfile.open(archive_file) as archive:
        names = archive.getnames()
    assert {"encoder/config.json", "encoder/tokenizer_config.json", "encoder/vocab.txt"} <= set(
        names
    )

    def refuse(*_, **__):
        raise AssertionError("pretrained weights were read")

    monkeypatch.setattr(bert_encoder, "load_weights", refuse)
    archive = load_archive(archive_file)
    state = archive.model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    instances = list(archive.dataset_reader.read(data))
    found = archive.model.forward_on_instances(instances)
    expected = model.eval().forward_on_instances(instances)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours["probs"] == pytest.approx(theirs["probs"], abs=1e-6)
