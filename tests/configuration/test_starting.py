"""A start that fails says why in one sentence and leaves nothing in the way of the next."""

from __future__ import annotations

import copy
import json

import pytest
from allennlp.commands import train
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

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


def with_data(config, folder):
    data = folder / "train.jsonl"
    lines = [json.dumps({"text": "A lamp.", "label": label}) for label in ("a", "b")]
    data.write_text("\n".join(lines))
    return config | {"train_data_path": str(data), "validation_data_path": str(data)}


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
    old = tmp_path / "run" / "model.tar.gz"
    config["train_data_path"] = str(tmp_path / "train.jsonl")
    old.parent.mkdir()
    old.write_text("old")
    with pytest.raises(DataError, match=r"train\.jsonl: no such file"):
        train.train_model(Params(copy.deepcopy(config)), str(old.parent), force=True)
    assert old.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    train.train_model(Params(with_data(config, tmp_path)), str(old.parent), force=True)
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


def test_what_a_killed_start_was_to_replace_is_not_hidden_from_the_next_one(
    config, tmp_path, caplog
):
    """It would have been removed by the training after it, without a word."""
    (tmp_path / ".run.replaced").mkdir()
    (tmp_path / ".run.replaced" / "model.tar.gz").write_text("old")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").touch()
    with pytest.raises(ConfigurationError, match="already exists and is not empty"):
        train.train_model(Params(with_data(config, tmp_path)), str(tmp_path / "run"))
    assert (tmp_path / "run" / "model.tar.gz").read_text() == "old"
    assert not (tmp_path / ".run.replaced").exists()
    assert "run: what a start with --force, which was killed, had put aside is back" in caplog.text


def test_force_replaces_what_a_link_leads_to(config, tmp_path):
    """The link was an error of the system, and is kept."""
    old, link = tmp_path / "disk" / "model.tar.gz", tmp_path / "run"
    old.parent.mkdir()
    old.write_text("old")
    link.symlink_to("disk")
    missing = copy.deepcopy(config) | {"train_data_path": str(tmp_path / "nowhere.jsonl")}
    with pytest.raises(DataError, match="nowhere"):
        train.train_model(Params(missing), str(link), force=True)
    assert old.read_text() == "old"
    train.train_model(Params(with_data(config, tmp_path)), str(link), force=True)
    assert old.read_bytes() != b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "run", "train.jsonl"}
    assert link.is_symlink()


def test_force_does_not_remove_the_folder_that_it_runs_in(config, tmp_path, monkeypatch):
    """What was in it was gone, and with it the configuration, and then nothing could begin."""
    (tmp_path / "run").mkdir()
    config = with_data(config, tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    for folder in (".", "..", "../run"):
        with pytest.raises(ConfigError, match="--force would remove the folder that this command"):
            train.train_model(Params(copy.deepcopy(config)), folder, force=True)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["train.jsonl"]


def test_a_dry_run_with_force_leaves_the_folder_as_it_was(config, tmp_path):
    """It removed the trained model."""
    config = with_data(config, tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.tar.gz").write_text("old")
    train.train_model(Params(config), str(tmp_path / "run"), force=True, dry_run=True)
    assert {path.name for path in tmp_path.rglob("*")} == {"run", "model.tar.gz", "train.jsonl"}
    assert (tmp_path / "run" / "model.tar.gz").read_text() == "old"


def test_a_dry_run_makes_the_vocabulary(config, tmp_path):
    train.train_model(Params(with_data(config, tmp_path)), str(tmp_path / "run"), dry_run=True)
    assert (tmp_path / "run" / "vocabulary" / "non_padded_namespaces.txt").is_file()


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


def test_an_empty_path(config):
    with pytest.raises(ConfigError, match=r"the path of the training \(-s\) is empty, as a var"):
        train.train_model(Params(config), "")
    with pytest.raises(ConfigError, match="the path of the configuration is empty, as a variable"):
        read_params("")


def test_the_option_of_overrides_explains_knobs(own):
    with pytest.raises(ConfigError, match=r"`epochs` is a knob of the template.*\{ epochs:: "):
        read_params(own, '{"epochs": 1}')
    _, params = read_params(own, {"trainer.num_epochs": 3})
    assert params["trainer"]["num_epochs"] == 3


def test_allennlp_reads_a_configuration_anywhere_and_tells_of_knobs_without_effect(own, caplog):
    assert Params.from_file(own)["model"]["type"] == "spanbert_coref"
    (warned,) = [record.getMessage() for record in caplog.records]
    assert warned.endswith("`trainer_knobs.max_pieces` has no effect: each document is a batch")
