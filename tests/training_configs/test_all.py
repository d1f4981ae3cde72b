"""Every shipped configuration builds a whole training run on fixtures, with the tiny encoder."""

from __future__ import annotations

import contextlib
import inspect
import json
import shutil
from pathlib import Path

import _jsonnet
import pytest
from allennlp.commands.train import TrainModel
from allennlp.common import Params
from allennlp.common.util import prepare_environment

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.sample_corpus.layouts import write_sample
from tests.places import ROOT
from tests.training_configs.evaluating import (
    CONFIGS,
    DATA_PATHS,
    QA,
    evaluate,
    evaluate_all,
    name_of,
)


def test_there_are_configurations():
    assert len(CONFIGS) >= 21


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """
    Builds a run of a configuration with the tiny encoder, and gives its settings and rates.

    Many configurations differ in the encoder only: those that are the same with another are built
    once.
    """
    folder = tmp_path_factory.mktemp("run")
    data = folder / "out" / "quickstart" / "data"
    write_sample(data)
    for split in ("train", "dev"):
        shutil.copytree(DATA_PATHS["PRETRAINING_TRAIN_DATA_PATH"], data / f"corpus_{split}")
    (folder / "squad1.json").write_text(json.dumps(without_impossible(QA / "squad.json")))
    knobs = {name_of(config): knobs_for(config, folder) for config in CONFIGS}
    evaluated = evaluate_all({name_of(config): config for config in CONFIGS}, knobs)
    rates: dict[str, dict] = {}

    def build(config):
        params = evaluated[name_of(config)]
        text = json.dumps(params)
        if text not in rates:
            with contextlib.chdir(folder):
                rates[text] = learning_rates(json.loads(text), str(folder))
        return params, rates[text]

    return build


def knobs_for(config: Path, folder: Path) -> str:
    knobs = f"encoder:: (import '{ROOT}/training_configs/lib/encoders.libsonnet').tiny"
    if config.stem == "relation":
        knobs += ", mode:: 'text'"  # the corpus has more types than `tiny` has pieces for markers
    if config.name.startswith("squad1"):
        path = folder / "squad1.json"
        knobs += f", train_path:: '{path}', validation_path:: '{path}'"
    if config.parent.name == "multitask":
        path = folder / "squad1.json"
        knobs += f", tasks+:: {{ qa+: {{ train_path:: '{path}', validation_path:: '{path}' }} }}"
    return knobs


def learning_rates(params: dict, folder: str) -> dict[str, float]:
    """Build a run; return the rate of each trained parameter."""
    prepare_environment(params := Params(params))  # takes the seeds
    train = TrainModel.from_params(params, serialization_dir=folder, local_rank=0)
    rates = {
        name: group.get("peak_lr", group.get("initial_lr", group["lr"]))
        for group in train.trainer.optimizer.param_groups
        for name, parameter in train.model.named_parameters()
        if any(parameter is member for member in group["params"])
    }
    assert set(rates) == {
        name for name, parameter in train.model.named_parameters() if parameter.requires_grad
    }
    return rates


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_builds(config, built):
    params, rates = built(config)
    assert len(config.read_text().splitlines()) <= 30
    has_new_heads = (
        config.stem.startswith("continue_") or name_of(config) == "quickstart/pretraining"
    )
    has_two_rates = (
        params["model"]["type"] in ("spanbert_coref", "spanbert_multitask") or has_new_heads
    )
    embedder_rates = {rate for name, rate in rates.items() if name.startswith("embedder")}
    other_rates = {rate for name, rate in rates.items() if not name.startswith("embedder")}
    assert len(embedder_rates) == len(other_rates) == 1
    assert (embedder_rates != other_rates) == has_two_rates


def without_impossible(path: Path) -> dict:
    data = json.loads(path.read_text())
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = [one for one in paragraph["qas"] if not one["is_impossible"]]
    return data


def qa_config(name: str, knobs: str = "") -> dict:
    return evaluate(ROOT / "training_configs" / "qa" / f"{name}.jsonnet", knobs)


@pytest.mark.parametrize("name", ["squad1_base", "squad2_large", "newsqa_base"])
def test_published_question_answering_trains_as_the_original_did(name):
    """Specification of the original: 0.4, 0.7, 2.1, 2.5, 3."""
    made = qa_config(name)
    assert made["dataset_reader"]["fixed_length"] and made["dataset_reader"]["max_length"] == 512
    assert (
        made["dataset_reader"]["training"] and "training" not in made["validation_dataset_reader"]
    )
    assert made["model"]["softmax_over"] == "everything"
    assert made["model"]["decoder"] == {"type": "original"}
    assert made["model"]["threshold"] == 1.0
    sampler = made["data_loader"]["batch_sampler"]
    assert sampler["batch_size"] == 32 and sampler["length_field"] == "attended"
    is_mrqa = name.startswith("newsqa")
    assert sampler.get("shuffle_batches", True) != is_mrqa
    assert made["trainer"]["evaluations_per_epoch"] == (5 if is_mrqa else 10)
    assert made["trainer"]["num_epochs"] == 4
    metric = "+best_f1" if name.startswith("squad2") else "+f1"
    assert made["trainer"]["validation_metric"] == metric
    (_, pooler) = made["trainer"]["optimizer"]["parameter_groups"]
    assert pooler == [["pooler"], {"requires_grad": False}]


def test_one_knob_makes_question_answering_modern():
    made = qa_config("newsqa_large", "optimisation:: 'modern', loading_processes:: 2")
    assert "fixed_length" not in made["dataset_reader"]
    assert "softmax_over" not in made["model"]
    assert made["model"]["decoder"] == {"type": "exact"}
    assert made["model"]["flavour"] == "mrqa" and made["model"]["threshold"] == 0.0
    assert made["data_loader"]["batch_sampler"]["type"] == "spanbert_token_budget"
    assert made["data_loader"]["num_workers"] == 2
    assert made["model"]["embedder"]["model_name"] == "spanbert-large-cased"


def test_a_window_that_the_encoder_does_not_take():
    with pytest.raises(RuntimeError, match="`max_length` is 600, but the encoder takes 512"):
        qa_config("squad1_base", "max_length:: 600")


def test_a_knob_reaches_all_that_depends_on_it():
    config = ROOT / "training_configs" / "coref" / "spanbert_base.jsonnet"
    params = evaluate(config, "max_training_segments:: 7, segment_length:: 128, epochs:: 2")
    assert params["model"]["max_training_segments"] == 7
    assert params["model"]["head"]["max_segments"] == 7
    assert params["dataset_reader"]["indexer"]["max_length"] == 128
    assert params["trainer"]["num_epochs"] == 2
    whole = evaluate(config, "max_training_segments:: null")["model"]
    assert whole["max_training_segments"] is None and "max_segments" not in whole["head"]


def test_published_coreference_trains_as_the_original_did():
    made = evaluate(ROOT / "training_configs" / "coref" / "spanbert_base.jsonnet")
    # `coref_depth` is 2 in the original's own settings.
    assert made["model"]["head"]["refinement"]["type"] == "spanbert_attended_antecedent"
    trainer = made["trainer"]
    assert trainer["evaluate_every_updates"] == 1000
    assert trainer["optimizer"]["clip"] == "group"
    encoder = [options for _, options in trainer["optimizer"]["parameter_groups"]]
    assert {options["schedule"] for options in encoder} == {"warmup_over_linear"}


@pytest.mark.parametrize("size", ["base", "large"])
def test_modern_coreference_is_the_published_model_with_another_training(size):
    folder = ROOT / "training_configs" / "coref"
    published = evaluate(folder / f"spanbert_{size}.jsonnet")
    modern = evaluate(folder / f"spanbert_{size}_modern.jsonnet")
    changed = {"head", "special_pieces", "whole_words", "embedder"}
    assert {key for key in modern["model"] if modern["model"][key] != published["model"][key]} == (
        changed if size == "large" else changed - {"embedder"}
    )
    assert "refinement" not in modern["model"]["head"]
    assert modern["dataset_reader"] == published["dataset_reader"]
    assert modern["trainer"]["precision"] == "bf16"
    assert "evaluate_every_updates" not in modern["trainer"]
    assert {group[1]["lr"] for group in modern["trainer"]["optimizer"]["parameter_groups"]} == {
        group[1]["lr"] for group in published["trainer"]["optimizer"]["parameter_groups"]
    }


def template(name: str, knobs: str = "") -> dict:
    library = ROOT / "training_configs" / "lib" / "trainer.libsonnet"
    required = "epochs:: 3, metric:: '+f1', learning_rate:: 2e-5"
    snippet = f"(import '{library}').{name} {{ {required}, {knobs} }}"
    return json.loads(_jsonnet.evaluate_snippet("snippet", snippet))


def test_the_template_of_the_original_programs():
    """Specification of the original: 0.4.1, 0.4.4, 0.4.7, 0.4.9 and 0.5."""
    made = template("reproduce", "accumulation:: 4, seed:: 7")
    assert made["data_loader"]["batch_sampler"] == {
        "type": "spanbert_frozen_batches",
        "batch_size": 8,
        "seed": 7,
    }
    assert made["trainer"]["leftover"] == "carry"
    assert made["trainer"]["evaluations_per_epoch"] == 10
    assert made["trainer"]["num_gradient_accumulation_steps"] == 4
    assert "clip" not in made["trainer"]["optimizer"]  # by tensor


def test_the_modern_template():
    made = template("modern", "precision:: 'bf16', patience:: 2")
    assert made["data_loader"]["batch_sampler"]["type"] == "spanbert_token_budget"
    assert made["trainer"]["precision"] == "bf16"
    assert made["trainer"]["patience"] == 2
    assert made["trainer"]["optimizer"]["clip_name"] == "all"
    assert "evaluations_per_epoch" not in made["trainer"]


@pytest.mark.parametrize("name", ["reproduce", "modern"])
def test_the_trainer_knows_every_key_of_a_template(name):
    from spanbert_allen.training import SpanbertTrainer

    keys = set(template(name, "patience:: 1, precision:: 'bf16', accumulation:: 2")["trainer"])
    known = set(inspect.signature(SpanbertTrainer.from_partial_objects).parameters)
    assert keys - {"type"} <= known


@pytest.mark.parametrize(
    ("snippet", "sentence"),
    [
        ("{}", "coref: set `encoder`"),
        ("{ encoder:: { model_name: 'x', max_length: 128 } }", "the encoder takes 128"),
    ],
)
def test_a_missing_or_impossible_knob_says_what_to_do(snippet, sentence):
    library = ROOT / "training_configs" / "lib" / "coref.libsonnet"
    with pytest.raises(RuntimeError, match=sentence):
        _jsonnet.evaluate_snippet("snippet", f"(import '{library}') + {snippet}")
