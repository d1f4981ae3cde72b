"""
AllenNLP's own parts beside ours: allennlp-models' coreference model on a transformer embedder,
trained, evaluated and asked by the plain `allennlp` command, offline, with this package as plugin.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import spacy

from tests.places import ROOT, TINY_ENCODER

pytestmark = pytest.mark.slow

SENTENCES = (
    (("The", "mother"), ("(0", "0)"), ("saw", "her", "son"), ("-", "(1|(0)", "1)"), (".",), ("-",)),
    (("He", "smiled"), ("(1)", "-"), ("at", "her"), ("-", "(0)"), (".",), ("-",)),
)


def conll():
    """The columns of CoNLL-2012 that allennlp-models' reader takes: 11, and the clusters last."""
    lines = ["#begin document (a/tiny); part 000"]
    for sentence in SENTENCES:
        words = [word for part in sentence[::2] for word in part]
        marks = [mark for part in sentence[1::2] for mark in part]
        for i, (word, mark) in enumerate(zip(words, marks, strict=True)):
            tree = "(TOP*" if i == 0 else "*)" if i == len(words) - 1 else "*"
            row = ["a/tiny", "0", str(i), word, "XX", tree, "-", "-", "-", "-", "*", mark]
            lines.append("   ".join(row))
        lines.append("")
    return "\n".join([*lines, "#end document", ""])


def config(data):
    transformer = {"type": "pretrained_transformer_mismatched", "model_name": str(TINY_ENCODER)}
    feedforward = {"num_layers": 1, "hidden_dims": 8, "activations": "relu"}
    return {
        "dataset_reader": {
            "type": "coref",
            "token_indexers": {"tokens": {**transformer, "max_length": 16}},
            "max_span_width": 3,
        },
        "train_data_path": str(data),
        "validation_data_path": str(data),
        "model": {
            "type": "coref",
            "text_field_embedder": {
                "token_embedders": {"tokens": {**transformer, "max_length": 16}}
            },
            "context_layer": {"type": "pass_through", "input_dim": 20},
            "mention_feedforward": {"input_dim": 20 * 3 + 4, **feedforward},
            "antecedent_feedforward": {"input_dim": 3 * (20 * 3 + 4) + 4, **feedforward},
            "feature_size": 4,
            "max_span_width": 3,
            "spans_per_word": 0.6,
            "max_antecedents": 10,
        },
        "data_loader": {"batch_size": 1},
        "trainer": {
            "num_epochs": 2,
            "optimizer": {"type": "huggingface_adamw", "lr": 0.001},
            "learning_rate_scheduler": {"type": "reduce_on_plateau"},
            "cuda_device": -1,
        },
    }


def allennlp(arguments, cwd):
    command = Path(sys.executable).with_name("allennlp")
    environment = {
        **os.environ,
        "HOME": str(cwd),
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run(
        [str(command), *arguments, "--include-package", "spanbert_allen.plugin"],
        cwd=cwd,
        env=environment,
        check=True,
        capture_output=True,
    )


def test_train_evaluate_predict(tmp_path):
    (tmp_path / "tiny.conll").write_text(conll())
    (tmp_path / "config.json").write_text(json.dumps(config(tmp_path / "tiny.conll")))
    allennlp(["train", "config.json", "-s", "out"], tmp_path)
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["validation_loss"] > 0

    allennlp(
        ["evaluate", "out/model.tar.gz", "tiny.conll", "--output-file", "scores.json"], tmp_path
    )
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["loss"] == pytest.approx(metrics["best_validation_loss"], rel=1e-4)

    # The predictor wants a spaCy model; a blank one spares a download.
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "blank_english")
    (tmp_path / "in.jsonl").write_text('{"document": "The mother saw her son . He smiled ."}\n')
    options = json.dumps({"language": str(tmp_path / "blank_english")})
    silent = ("--output-file", "out.jsonl", "--silent")
    allennlp(
        ["predict", "out/model.tar.gz", "in.jsonl", "--predictor-args", options, *silent],
        tmp_path,
    )
    predicted = json.loads((tmp_path / "out.jsonl").read_text())
    assert predicted["document"][:2] == ["The", "mother"]
    assert isinstance(predicted["clusters"], list)
