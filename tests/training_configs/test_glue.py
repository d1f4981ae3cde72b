"""What the configurations of GLUE say: the published settings, and the table of tasks."""

from __future__ import annotations

import json

import _jsonnet
import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params

from spanbert_allen.formats.sequence.glue_tasks import TASKS
from tests.places import ROOT
from tests.training_configs.evaluating import GLUE, evaluate, shipped

FOLDER = ROOT / "training_configs" / "glue"


@pytest.fixture(scope="module")
def made() -> dict[str, dict]:
    """All configurations, by name."""
    found = {name.partition("/"): config for name, config in shipped().items()}
    return {name: config for (folder, _, name), config in found.items() if folder == "glue"}


def glue_config(name: str, knobs: str) -> dict:
    return evaluate(FOLDER / f"{name}.jsonnet", knobs)


@pytest.mark.parametrize("size", ["base", "large", "minilm"])
@pytest.mark.parametrize(
    "task", [task for task in TASKS if task.name != "AX"], ids=lambda t: t.name
)
def test_every_task_in_three_sizes(task, size, made):
    config = made[f"{task.name.lower().replace('-', '')}_{size}"]
    assert config["dataset_reader"]["task"] == config["model"]["task"] == task.name
    metric = "matched_acc" if task.name == "MNLI" else task.scores[-1]
    assert config["trainer"]["validation_metric"] == f"+{metric}"
    assert config["train_data_path"] == f"{GLUE}/{task.name}/train.tsv"
    assert config["model"]["embedder"]["pooler"] is True
    assert config["model"]["embedder"]["model_name"].removesuffix("-cased").endswith(size)


@pytest.mark.parametrize("name", ["cola_base", "mnli_large"])
def test_published_settings(name, made):
    """Specification of the original: 0.4, 0.7, 5, 8.3."""
    made = made[name]
    assert made["dataset_reader"]["fixed_length"] and made["dataset_reader"]["max_length"] == 128
    sampler = made["data_loader"]["batch_sampler"]
    assert sampler["type"] == "spanbert_frozen_batches" and sampler["batch_size"] == 32
    assert sampler["drop_last"] is True and sampler["length_field"] == "attended"
    assert made["trainer"]["evaluations_per_epoch"] == 10
    assert made["trainer"]["num_epochs"] == (4 if name == "cola_base" else 10)
    assert made["trainer"]["optimizer"]["lr"] == 2e-5
    assert made["trainer"]["optimizer"]["parameter_groups"][0][1] == {"weight_decay": 0}


def test_only_the_reproduction_leaves_the_longest_out():
    modern = glue_config("rte_base", "optimisation:: 'modern'")
    assert modern["data_loader"]["batch_sampler"]["type"] == "spanbert_token_budget"
    assert "fixed_length" not in modern["dataset_reader"]
    kept = glue_config("rte_base", "drop_last:: false")
    assert "drop_last" not in kept["data_loader"]["batch_sampler"]


def test_both_halves_of_mnli_are_validation_data(made):
    assert made["mnli_minilm"]["validation_data_path"] == {
        "matched": f"{GLUE}/MNLI/dev_matched.tsv",
        "mismatched": f"{GLUE}/MNLI/dev_mismatched.tsv",
    }


def test_one_run_scores_both_halves_of_mnli(tmp_path):
    tiny = f"encoder:: (import '{ROOT}/training_configs/lib/encoders.libsonnet').tiny, epochs:: 1"
    train_model(Params(glue_config("mnli_minilm", tiny)), str(tmp_path / "run"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert 0 <= metrics["best_validation_matched_acc"] <= 1
    assert 0 <= metrics["best_validation_mismatched_acc"] <= 1
    assert "training_acc" in metrics and "best_validation_acc" not in metrics


def test_numbers_of_own_data():
    made = evaluate(FOLDER / "own_data.jsonnet", "regression:: true")
    assert made["dataset_reader"]["regression"] and made["model"]["regression"]
    assert made["trainer"]["validation_metric"] == "+corr"


def test_classes_are_the_labels_of_the_training_data(made):
    """By default AllenNLP takes those of the validation data, too, which nothing is trained for."""
    assert made["own_data"]["datasets_for_vocab_creation"] == ["train"]


def test_the_library_names_what_is_missing():
    library = ROOT / "training_configs" / "lib" / "glue.libsonnet"
    for knobs, message in (
        ("encoder:: { model_name: 'x', max_length: 512 }", "glue: set `task`, one of CoLA, MNLI"),
        ("task:: 'RTE', encoder:: { max_length: 64 }", "`max_length` is 128, but .* takes 64"),
    ):
        snippet = f"(import '{library}') + {{ {knobs} }}"
        with pytest.raises(RuntimeError, match=message):
            _jsonnet.evaluate_snippet("snippet", snippet, ext_vars={"GLUE_DATA_PATH": ""})
