"""A run on two processes, outside of the repository: the workers load the plugin and its mends."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

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
