"""A temperature and the length of windows go with a model to transformers, and back."""

from __future__ import annotations

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Vocabulary
from allennlp.models import Model

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.qa_task import QATask
from spanbert_allen.conversion.task import Source


def model_of(**options) -> Model:
    torch.manual_seed(1)
    embedder = {"type": "spanbert", "model_name": "tiny"}
    params = {"type": "spanbert_qa", "embedder": embedder, **options}
    return Model.from_params(Params(params), vocab=Vocabulary())


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_a_temperature_is_exported_and_imported(temperature):
    config = QATask().bert_settings(model_of(temperature=temperature), {"dataset_reader": {}})
    encoder = {"model_name": "tiny"}
    source = Source(name="theirs", encoder=encoder, config=config, num_outputs=2, max_positions=64)
    model = QATask().blueprint(source, {}).config["model"]
    assert model.get("temperature", 1.0) == temperature


def test_a_model_of_several_data_sets_is_exported_with_the_windows_that_it_predicts_with():
    config = {
        "dataset_reader": {"type": "spanbert_multitask", "readers": {"one": {"max_length": 300}}},
        "validation_dataset_reader": {"max_length": 200},
    }
    assert QATask().bert_settings(model_of(), config)["spanbert_allen"]["max_length"] == 200


def test_no_temperature_is_0():
    with pytest.raises(ConfigError, match=r"model\.temperature is 0: it must be above 0"):
        model_of(temperature=0)
