"""
AllenNLP's own parts beside ours: allennlp-models' coreference model on a transformer embedder,
trained, evaluated and asked by the plain `allennlp` command, offline, with this package as plugin.
"""

from __future__ import annotations

import json
import os
import sys

import pytest
import spacy

import spanbert_allen.plugin  # noqa: F401
from tests.forks import exit_status, fork
from tests.places import TINY_ENCODER

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


def allennlp(folder, *commands):
    """Run commands of the plain `allennlp`, whose process has imported our plugin before."""
    import nltk
    from allennlp.commands import main

    nltk.download = lambda *_arguments, **_options: False  # allennlp_models asks for some
    os.chdir(folder)
    for command in commands:
        sys.argv = ["allennlp", *command, "--include-package", "spanbert_allen.plugin"]
        main(prog="allennlp")


def test_train_evaluate_predict(tmp_path):
    (tmp_path / "tiny.conll").write_text(conll())
    (tmp_path / "config.json").write_text(json.dumps(config(tmp_path / "tiny.conll")))
    # The predictor wants a spaCy model; a blank one spares a download.
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "blank_english")
    (tmp_path / "in.jsonl").write_text('{"document": "The mother saw her son . He smiled ."}\n')
    options = json.dumps({"language": str(tmp_path / "blank_english")})
    archive = "out/model.tar.gz"
    commands = (
        ("train", "config.json", "-s", "out"),
        ("evaluate", archive, "tiny.conll", "--output-file", "scores.json"),
        ("predict", archive, "in.jsonl", "--output-file", "out.jsonl", "--predictor-args", options),
    )
    said = tmp_path / "said.txt"
    assert exit_status(fork(allennlp, tmp_path, *commands, said=said)) == 0, said.read_text()

    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["validation_loss"] > 0
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["loss"] == pytest.approx(metrics["best_validation_loss"], rel=1e-4)
    predicted = json.loads((tmp_path / "out.jsonl").read_text())
    assert predicted["document"][:2] == ["The", "mother"]
    assert isinstance(predicted["clusters"], list)
