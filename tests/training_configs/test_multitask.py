"""One configuration of several tasks, made of theirs."""

from __future__ import annotations

import pytest

from spanbert_allen.configuration.building import build_without_data
from spanbert_allen.configuration.sizes import sizes_of
from tests.places import ROOT
from tests.training_configs.evaluating import evaluate

CONFIG = ROOT / "training_configs" / "multitask" / "minilm.jsonnet"
TINY = f"encoder:: (import '{ROOT}/training_configs/lib/encoders.libsonnet').tiny"


def test_the_knobs_of_a_task_are_those_of_its_own_configuration():
    single = evaluate(ROOT / "training_configs" / "qa" / "squad1_minilm.jsonnet")
    made = evaluate(CONFIG)
    assert made["dataset_reader"]["readers"]["qa"] == single["dataset_reader"]
    assert made["data_loader"]["batches"]["qa"] == single["data_loader"]["batch_sampler"]
    without = {key: value for key, value in single["model"].items() if key != "embedder"}
    assert made["model"]["tasks"]["qa"] == without
    changed = evaluate(CONFIG, "tasks+:: { qa+: { max_length:: 128 } }")
    assert changed["validation_dataset_reader"]["readers"]["qa"]["max_length"] == 128


def test_rates_weights_and_the_mean():
    knobs = "task_learning_rates:: { qa: 1e-4 }, weights:: { qa: 2 }, batches_per_epoch:: 9"
    made = evaluate(CONFIG, knobs)
    assert made["data_loader"]["weights"] == {"qa": 2}
    assert made["data_loader"]["batches_per_epoch"] == 9
    groups = made["trainer"]["optimizer"]["parameter_groups"]
    assert groups[-1] == [["^tasks\\.qa\\."], {"lr": 1e-4}]
    assert made["model"]["mean_of"] == {"coref_coref_f1": 1, "qa_f1": 100, "relation_macro_f1": 1}


def test_a_task_of_several_data_sets_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setenv("MRQA_DATA_PATH", "mrqa")
    knobs = f"tasks+:: {{ all: import '{ROOT}/training_configs/qa/mrqa_all_minilm.jsonnet' }}"
    with pytest.raises(RuntimeError, match="task `all` has several data sets of its own"):
        evaluate(CONFIG, knobs)


def test_what_no_grad_names_is_not_counted_as_trained():
    made = evaluate(CONFIG, TINY)
    made["trainer"]["no_grad"] = ["^embedder"]
    sizes = sizes_of(build_without_data(made), made)
    assert 0 < sizes.trained < sizes.parameters


def test_check_builds_it_and_tells_its_largest_batch():
    made = evaluate(CONFIG, TINY)
    sizes = sizes_of(build_without_data(made), made)
    assert sizes.pieces == 20 * 384
    assert sizes.step_bytes
