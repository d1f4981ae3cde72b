"""The configurations of relations: the published settings, and a run of them on the fixtures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.util import prepare_environment

import spanbert_allen.plugin  # noqa: F401
from tests.places import ROOT
from tests.training_configs.evaluating import RELATION, evaluate

TINY = f"encoder:: (import '{ROOT}/training_configs/lib/encoders.libsonnet').tiny"


def config(name: str, knobs: str = "") -> dict:
    return evaluate(ROOT / "training_configs" / "relation" / f"{name}.jsonnet", knobs)


@pytest.mark.parametrize("name", ["tacred_base", "tacred_large"])
def test_published_settings_train_as_the_original_did(name):
    """Specification of the original: 0.4, 0.7, 4.1 to 4.4."""
    made = config(name)
    for reader in ("dataset_reader", "validation_dataset_reader"):
        assert made[reader]["type"] == "spanbert_tacred" and made[reader]["mode"] == "ner"
        assert made[reader]["fixed_length"] and made[reader]["max_length"] == 128
    assert made["vocabulary"]["marker_files"] == [made["validation_data_path"]]
    assert made["datasets_for_vocab_creation"] == ["train"]
    assert made["vocabulary"]["negative_label"] == made["model"]["negative_label"] == "no_relation"
    assert made["model"]["pooling"] == {"type": "cls"} and made["model"]["embedder"]["pooler"]
    sampler = made["data_loader"]["batch_sampler"]
    assert (sampler["type"], sampler["batch_size"]) == ("spanbert_frozen_batches", 32)
    assert sampler["length_field"] == "attended" and "drop_last" not in sampler
    assert made["trainer"]["num_epochs"] == 10
    assert made["trainer"]["evaluations_per_epoch"] == 10
    assert made["trainer"]["validation_metric"] == "+f1"
    assert made["trainer"]["optimizer"]["lr"] == 2e-5
    assert f"spanbert-{name.removeprefix('tacred_')}-cased" == made["model"]["embedder"][
        "model_name"
    ]  # fmt: skip


def test_knobs_reach_all_that_depends_on_them():
    made = config(
        "own_data", "pooling:: 'entity_start', negative_label:: null, class_weights:: { a: 2 }"
    )
    assert made["model"]["embedder"]["pooler"] is False
    assert made["model"]["pooling"] == {"type": "entity_start"}
    assert made["model"]["negative_label"] is made["vocabulary"]["negative_label"] is None
    assert made["model"]["class_weights"] == {"a": 2}
    assert "marker_files" not in made["vocabulary"]
    assert made["dataset_reader"]["type"] == "spanbert_relation_jsonl"


def test_typed_markers_train_as_published():
    """The settings of the program of Zhou and Chen (2022)."""
    made = config("tacred_typed_base")
    reader, optimizer = made["dataset_reader"], made["trainer"]["optimizer"]
    assert (reader["mode"], reader["max_length"]) == ("typed_entity_marker", 512)
    assert "fixed_length" not in reader and "marker_files" not in made["vocabulary"]
    assert made["model"]["pooling"] == {"type": "entity_start"}
    assert (made["model"]["hidden_layer"], made["model"]["embedder"]["pooler"]) == ("relu", False)
    sampler = made["data_loader"]["batch_sampler"]
    assert (sampler["max_batch_size"], sampler["max_pieces"]) == (64, 64 * 512)
    assert (optimizer["lr"], optimizer["weight_decay"]) == (5e-5, 0.0)
    assert made["trainer"]["num_epochs"] == 5


def test_typed_modes_number_no_markers_of_validation_first():
    made = config("tacred_base", "mode:: 'typed_entity_marker'")
    assert "marker_files" not in made["vocabulary"]


def test_semevals_layout_is_told_by_the_files_name():
    released = config("semeval2010_minilm", "train_path:: 'TRAIN_FILE.TXT'")
    assert released["dataset_reader"]["type"] == "spanbert_semeval2010"
    assert released["model"]["negative_label"] == "Other"
    converted = config("semeval2010_minilm", "train_path:: 'train.json'")
    assert converted["dataset_reader"]["type"] == "spanbert_tacred"
    assert converted["model"]["negative_label"] == "no_relation"
    for made in (released, converted):
        assert made["model"]["scorer"] == "semeval2010"
        assert made["trainer"]["validation_metric"] == "+macro_f1"


def test_an_archive_scores_the_same_whichever_example_comes_first(tmp_path: Path):
    """A map of markers that is built while reading would change: SpanBERT issue 23."""
    params = config("tacred_base", f"{TINY}, epochs:: 12, learning_rate:: 0.01, max_length:: 40")
    params["trainer"]["callbacks"] = []
    prepare_environment(Params(json.loads(json.dumps(params))))
    train_model(Params(params), str(tmp_path / "run"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["best_validation_f1"] > 0.5
    records = json.loads((RELATION / "tacred.json").read_text())
    found = []
    for order in (records, records[::-1], records[1:] + records[:1]):
        path = tmp_path / "test.json"
        path.write_text(json.dumps(order))
        found.append(evaluate_from_archive(tmp_path / "run" / "model.tar.gz", str(path)))
    for scores in found:
        for name in ("f1", "accuracy", "loss"):
            best = metrics[f"best_validation_{name}"]
            assert scores[name] == pytest.approx(best, abs=1e-5)
