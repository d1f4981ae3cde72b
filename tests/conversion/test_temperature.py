"""A temperature and the length of windows go with a model to transformers, and back."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.qa_task import QATask
from spanbert_allen.conversion.task import Source

ALONE = {"dataset_reader": {}, "model": {}}


def model_of(**options) -> Model:
    torch.manual_seed(1)
    embedder = {"type": "spanbert", "model_name": "tiny"}
    params = {"type": "spanbert_qa", "embedder": embedder, **options}
    return Model.from_params(Params(params), vocab=Vocabulary())


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_a_temperature_is_exported_and_imported(temperature):
    config = QATask().bert_settings(model_of(temperature=temperature), ALONE)
    encoder = {"model_name": "tiny"}
    source = Source(name="theirs", encoder=encoder, config=config, num_outputs=2, max_positions=64)
    model = QATask().blueprint(source, {}).config["model"]
    assert model.get("temperature", 1.0) == temperature


def test_a_model_of_several_data_sets_is_exported_with_the_windows_that_it_predicts_with():
    config = {
        "dataset_reader": {"type": "spanbert_multitask", "readers": {"one": {"max_length": 300}}},
        "validation_dataset_reader": {"max_length": 200},
        "model": {},
    }
    assert QATask().bert_settings(model_of(), config)["spanbert_allen"]["max_length"] == 200


@pytest.mark.parametrize(
    ("reader", "of_model"),
    [
        ({}, {"decoder": {"type": "exact"}}),
        ({"stride": 20, "max_question_length": 30, "fixed_length": True}, {"flavour": "mrqa"}),
        ({"question_piece": True}, {"decoder": {"type": "pipeline", "n_best": 3}}),
        ({"max_question_length": 0}, {"decoder": "original"}),
    ],
)
def test_windows_and_decoder_are_exported_and_imported(reader, of_model):
    """A window of 60 pieces has no room for a question of 64: the import could not be loaded."""
    reader = {"max_length": 60, "max_question_length": 12, **reader}
    own = {"validation_dataset_reader": reader, "model": of_model}
    config = QATask().bert_settings(model_of(), own)
    encoder = {"model_name": "tiny"}
    source = Source(name="theirs", encoder=encoder, config=config, num_outputs=2, max_positions=64)
    made = QATask().blueprint(source, {}).config
    for name in ("dataset_reader", "validation_dataset_reader"):
        assert {key: made[name].get(key) for key in reader} == reader
        made_reader = DatasetReader.from_params(Params(deepcopy(made[name])))
        is_mrqa = of_model.get("flavour") == "mrqa"
        endings = (".jsonl",) if is_mrqa else (".json", ".jsonl")  # of a folder's files
        assert made_reader.file_suffixes == endings
    assert made["model"]["decoder"] == of_model.get("decoder", {"type": "exact"})
    assert made["model"].get("flavour") == of_model.get("flavour")


def test_the_card_says_what_windows_share():
    """As transformers counts it, for which a question has to be known."""
    reader = {"max_length": 100, "stride": 40}
    card = " ".join(QATask().card_section(model_of(), {"dataset_reader": reader}))
    assert "the length 100" in card and "what windows share: 57 - n" in card
    reader["question_piece"] = True
    card = " ".join(QATask().card_section(model_of(), {"dataset_reader": reader}))
    assert "what windows share: 56 - n" in card and "A question piece" in card


def test_no_temperature_is_0():
    with pytest.raises(ConfigError, match=r"model\.temperature is 0: it must be above 0"):
        model_of(temperature=0)
