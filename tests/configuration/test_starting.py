"""A start that fails says why in one sentence and leaves nothing in the way of the next."""

from __future__ import annotations

import copy
import json

import pytest
from allennlp.commands import train
from allennlp.common import Params

import spanbert_allen.plugin
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.configuration.reading import read_params
from tests.common.test_torchrun import ENVIRONMENT
from tests.places import ROOT
from tests.training_configs.evaluating import evaluate

TINY = f"encoder:: (import '{ROOT}/training_configs/lib/encoders.libsonnet').tiny, epochs:: 1"


@pytest.fixture
def config():
    return evaluate(ROOT / "training_configs" / "glue" / "own_data.jsonnet", TINY)


def test_a_key_that_no_model_knows_is_found_before_a_folder_is_made(config, tmp_path):
    config["model"]["class_weihgts"] = {}
    with pytest.raises(ConfigError, match=r"`model\.class_weihgts` is no key"):
        train.train_model(Params(config), str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_start_that_fails_leaves_no_folder(config, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    config["train_data_path"] = str(bad)
    with pytest.raises(DataError):
        train.train_model(Params(config), str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_force_replaces_a_folder_only_when_the_training_begins(config, tmp_path):
    """A mistyped path cost the trained model."""
    data, old = tmp_path / "train.jsonl", tmp_path / "run" / "model.tar.gz"
    config |= {"train_data_path": str(data), "validation_data_path": str(data)}
    old.parent.mkdir()
    old.write_text("old")
    with pytest.raises(DataError, match=r"train\.jsonl: no such file"):
        train.train_model(Params(copy.deepcopy(config)), str(old.parent), force=True)
    assert old.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    lines = [json.dumps({"text": "A lamp.", "label": label}) for label in ("a", "b")]
    data.write_text("\n".join(lines))
    train.train_model(Params(config), str(old.parent), force=True)
    assert old.read_bytes() != b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"run", "train.jsonl"}


def test_what_a_killed_start_was_to_replace_comes_back(config, tmp_path):
    """What it began is no model."""
    config["train_data_path"] = str(tmp_path / "nowhere.jsonl")
    for name, file in (("run", "out.log"), (".run.replaced", "model.tar.gz")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    with pytest.raises(DataError, match="nowhere"):
        train.train_model(Params(config), str(tmp_path / "run"), force=True)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == [
        "run",
        "run/model.tar.gz",
    ]


def test_what_was_in_the_folder_stays(config, tmp_path):
    config["train_data_path"] = str(tmp_path / "nowhere.jsonl")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model_state_e1_b0.th").touch()
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    with pytest.raises(Exception, match="nowhere"):
        train.train_model(Params(config), str(tmp_path / "run"), recover=True)
    assert (tmp_path / "run" / "model_state_e1_b0.th").exists()


def test_recovering_with_the_configuration_of_another_task(config, tmp_path):
    other = evaluate(ROOT / "training_configs" / "relation" / "own_data.jsonnet", TINY)
    (tmp_path / "model_state_e1_b0.th").touch()
    (tmp_path / "config.json").write_text(json.dumps(other))
    with pytest.raises(ConfigError, match="was started with another configuration") as raised:
        train.train_model(Params(config), str(tmp_path), recover=True)
    assert "`model.type` was 'spanbert_relation'" in str(raised.value) or (
        "`dataset_reader.type` was 'spanbert_relation_jsonl'" in str(raised.value)
    )


@pytest.mark.parametrize("by_torchrun", [False, True])
def test_several_workers_do_not_evaluate_on_test_data(config, tmp_path, monkeypatch, by_torchrun):
    config["evaluate_on_test"] = True
    if by_torchrun:
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
    else:
        config["distributed"] = {"cuda_devices": [-1, -1]}
    with pytest.raises(ConfigError, match="`evaluate_on_test` does not work with several workers"):
        train.train_model(Params(config), str(tmp_path / "run"))


def test_a_gpu_that_is_not_there(config, tmp_path):
    with pytest.raises(ConfigError, match="there is no GPU 99 here"):
        config["trainer"]["cuda_device"] = 99
        train.train_model(Params(config), str(tmp_path / "run"))


def test_loading_onto_a_gpu_that_is_not_there():
    archive = ROOT / "tests" / "fixtures" / "archives" / "sequence.tar.gz"
    with pytest.raises(ConfigError, match="there is no GPU 99 here"):
        spanbert_allen.load(archive, device="cuda:99")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.jsonnet"
    path.write_text(
        "(import 'spanbert_allen/training_configs/coref/own_data.jsonnet') "
        "{ trainer_knobs:: { max_pieces:: 9 }, train_path:: 'a', validation_path:: 'b' }"
    )
    return path


def test_the_option_of_overrides_explains_knobs(own):
    with pytest.raises(ConfigError, match=r"`epochs` is a knob of the template.*\{ epochs:: "):
        read_params(own, '{"epochs": 1}')
    _, params = read_params(own, {"trainer.num_epochs": 3})
    assert params["trainer"]["num_epochs"] == 3


def test_allennlp_reads_a_configuration_anywhere_and_tells_of_knobs_without_effect(own, caplog):
    assert Params.from_file(own)["model"]["type"] == "spanbert_coref"
    (warned,) = [record.getMessage() for record in caplog.records]
    assert warned.endswith("`trainer_knobs.max_pieces` has no effect: each document is a batch")
