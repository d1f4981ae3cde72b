"""`spanbert-allen check`: what is right, what is wrong, and how large it will be."""

from __future__ import annotations

import logging

import pytest

from spanbert_allen import __main__ as program
from spanbert_allen.common.errors import ConfigError
from tests.places import FIXTURES

CONFIG = """
local encoders = import 'spanbert_allen/training_configs/lib/encoders.libsonnet';
(import 'spanbert_allen/training_configs/{name}.jsonnet') {{
  encoder:: encoders.tiny, {data}
}} + {{ {knobs} }}
"""
TEXTS = FIXTURES / "glue" / "own.jsonl"


@pytest.fixture
def check(tmp_path, capsys):
    """The exit status and the lines of a check."""

    def run(knobs="", *options, name="glue/own_data", train=TEXTS):
        path = tmp_path / "mine.jsonnet"
        data = f"train_path:: '{train}', validation_path:: '{TEXTS}',"
        path.write_text(CONFIG.format(name=name, data=data, knobs=knobs))
        status = program.main(["check", str(path), *options])
        return status, capsys.readouterr().out.splitlines()

    return run


def test_a_configuration_that_holds(check):
    status, lines = check("epochs:: 2, drop_last:: true")
    assert status == 0
    assert "knob  epochs          2 (default 10)" in lines
    assert "note  `drop_last` has no effect: it is for `reproduce` only" in lines
    assert any("million parameters" in line and "2048 pieces a batch" in line for line in lines)
    assert logging.root.manager.disable == logging.NOTSET


def test_sizes_are_those_of_the_training(check):
    _, lines = check("max_pieces:: 960", name="pretraining/small")
    assert "at most 960 pieces a batch, about" in lines[-1]
    _, lines = check("max_training_segments:: null", name="coref/own_data")
    assert "million parameters" in lines[-1]
    assert "a batch" not in lines[-1]  # whole documents have no limit


def test_every_mistake_is_named_at_once(check):
    overrides = '{"model.droput": 1, "dataset_reader.max_lenght": 2, "trainer.num_epochs": "x"}'
    status, lines = check("", "-o", overrides)
    assert status == 1
    assert sum(line.startswith("WRONG keys") for line in lines) == 3


def test_data_that_is_not_there(check):
    status, lines = check(train="nowhere.jsonl")
    assert status == 1
    assert "WRONG data        nowhere.jsonl: does not exist: check the path" in lines


def test_a_part_that_cannot_be_built(check):
    status, lines = check("encoder:: encoders.other('/nowhere/at/all')")
    assert status == 1
    assert lines[-1].startswith("WRONG parts")


def test_the_beginning_of_the_data_is_read(check, tmp_path):
    assert check("", "--data")[0] == 0
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": 3}\n')
    status, lines = check("", "--data", train=bad)
    assert status == 1
    assert f"{bad}:1: " in lines[-1]


@pytest.mark.parametrize(
    ("name", "train"),
    [
        ("coref/own_data", FIXTURES / "coref" / "small.jsonl"),
        ("relation/own_data", FIXTURES / "relation" / "own.jsonl"),
        ("qa/squad2_minilm", FIXTURES / "qa" / "squad.json"),
    ],
)
def test_models_of_the_other_tasks_are_built_without_their_data(name, train, check):
    status, lines = check("", name=name, train=train)
    assert status == 0
    assert lines[-1].startswith("ok    sizes")


def test_class_weights_are_labels_too(check):
    train = FIXTURES / "relation" / "own.jsonl"
    assert check("class_weights:: { b: 2 }", name="relation/own_data", train=train)[0] == 0


def test_a_knob_among_the_overrides(check):
    with pytest.raises(ConfigError, match="`epochs` is a knob"):
        check("", "-o", '{"epochs": 1}')
