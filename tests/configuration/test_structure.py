"""Mistakes in a configuration that are told before anything is built."""

from __future__ import annotations

import copy

import pytest

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.configuration.structure import problems_of_config
from tests.training_configs import evaluating


@pytest.fixture(scope="module")
def shipped() -> dict[str, dict]:
    return evaluating.shipped()


def changed(config, path, value):
    config = copy.deepcopy(config)
    *folders, last = path.split(".")
    part = config
    for name in folders:
        part = part[name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return config


def test_shipped_configurations_have_no_mistakes(shipped):
    assert {name: list(problems_of_config(config)) for name, config in shipped.items()} == {
        name: [] for name in shipped
    }


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "model.regresion",
            True,
            "`model.regresion` is no key of `model` (SpanbertSequenceClassifier): "
            "did you mean `regression`?",
        ),
        (
            "dataset_reader.max_lenght",
            64,
            "`dataset_reader.max_lenght` is no key of `dataset_reader` (TextPairsJsonlReader): "
            "did you mean `max_length`",
        ),
        (
            "model.type",
            "spanbert_sequnce",
            "`spanbert_sequnce` is not a registered type for `model.type` of the config: "
            "did you mean `spanbert_sequence_classifier`",
        ),
        (
            "model.embedder.type",
            "spanbrt",
            "`spanbrt` is not a registered type for `model.embedder.type` of the config: "
            "did you mean `spanbert`?",
        ),
        (
            "model.embedder",
            None,
            "`model.embedder` is missing: SpanbertSequenceClassifier needs it",
        ),
        (
            "trainer.num_epochs",
            "three",
            '`trainer.num_epochs` is "three": it must be a whole number',
        ),
        ("trainer.optimizer.lr", "x", '`trainer.optimizer.lr` is "x": it must be a number'),
        (
            "data_loader.batch_sampler.max_peices",
            3,
            "`data_loader.batch_sampler.max_peices` is no key of `data_loader.batch_sampler` "
            "(TokenBudgetSampler): did you mean `max_pieces`?",
        ),
        (
            "trainer.callbacks",
            [{"type": "spanbert_curve"}],
            "`spanbert_curve` is not a registered type for `trainer.callbacks.0.type`",
        ),
        (
            "datasets_for_vocab_creation",
            "train",
            '`datasets_for_vocab_creation` is "train": it must be a list, [...]',
        ),
        (
            "trian_data_path",
            "x",
            "`trian_data_path` is no key of a training's configuration: "
            "did you mean `train_data_path`",
        ),
        ("model", 3, "`model` is 3: it must be an object, {...}, or the name of a type"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(path, value, sentence, shipped):
    (problem,) = problems_of_config(changed(shipped["glue/own_data"], path, value))
    assert problem.startswith(sentence)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("hiden_dim", 5, "`model.head.hiden_dim` is no key of `model.head` (CorefHead): did you"),
        ("max_kept", "many", '`model.head.max_kept` is "many": it must be a whole number'),
        (
            "links",
            {"type": "spanbert_bilinear_links", "hidden_dmi": 5},
            "`model.head.links.hidden_dmi` is no key of `model.head.links`",
        ),
        (
            "refinement",
            {"type": "spanbert_attended"},
            "`spanbert_attended` is not a registered type for `model.head.refinement.type`",
        ),
    ],
)
def test_the_head_of_coreference_is_checked_as_well(path, value, sentence, shipped):
    config = changed(shipped["coref/own_data"], f"model.head.{path}", value)
    (problem,) = problems_of_config(config)
    assert problem.startswith(sentence)


def test_parts_that_others_complete_need_not_be_whole(shipped):
    config = changed(
        shipped["coref/own_data"], "model.head.mentions", {"type": "spanbert_biaffine_mentions"}
    )
    assert not list(problems_of_config(config))
