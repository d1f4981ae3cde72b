"""Heads of the question answering model: where their weights come from, and where they end."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.confidence_checks.normalization_bias_verification import (
    NormalizationBiasVerification,
)
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.qa_task import QATask
from spanbert_allen.training.loop.initial_weights import start_from_archive
from tests.models.pretrained import archive_of
from tests.places import FIXTURES, ROOT
from tests.training_configs.evaluating import evaluate

SPLINTER = {"type": "spanbert_question_aware_answers", "question": "piece"}
READER = {
    "type": "spanbert_squad",
    "impossible_answers": True,
    "max_length": 48,
    "max_question_length": 20,
}
READER |= {"indexer": {"type": "spanbert", "model_name": "tiny"}, "training": True}


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory) -> Path:
    """An archive of a model with Splinter's objective."""
    folder = tmp_path_factory.mktemp("splinter")
    return archive_of(folder / "run", objectives=[{"type": "spanbert_recurring_spans"}])


def make_model(model_name: object = "tiny", **options) -> Model:
    torch.manual_seed(8)
    embedder = {"type": "spanbert", "model_name": str(model_name)}
    params = {"type": "spanbert_qa", "embedder": embedder, "impossible_answers": True, **options}
    return Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())


def batch_of(**options) -> dict:
    reader = DatasetReader.from_params(Params(deepcopy(READER | options)))
    batch = Batch(list(reader.read(FIXTURES / "qa" / "squad.json")))
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


def loss_of(model: Model, **options) -> torch.Tensor:
    return model(**batch_of(**options))["loss"]


def assert_has_heads_of(pretrained: Path, model: Model) -> None:
    weights = torch.load(pretrained.parent / "best.th", weights_only=True)
    heads = {name: tensor for name, tensor in weights.items() if name.startswith("objectives.rss.")}
    assert len(heads) == len(model.qa_outputs.state_dict()) > 0
    for name, tensor in model.qa_outputs.state_dict().items():
        assert torch.equal(tensor, heads[f"objectives.rss.{name}"])


def test_splinter_s_head_is_read_with_the_encoder_that_it_was_trained_with(pretrained):
    assert_has_heads_of(pretrained, make_model(pretrained, head=SPLINTER))


def test_a_training_that_starts_from_an_archive_takes_splinter_s_head_over(pretrained):
    model = make_model(head=SPLINTER)
    start_from_archive(model, pretrained)
    assert_has_heads_of(pretrained, model)
    fresh = make_model(head=SPLINTER)
    start_from_archive(fresh, pretrained, parts="encoder")
    before = make_model(head=SPLINTER).qa_outputs.state_dict()
    for name, tensor in fresh.qa_outputs.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize("head", [SPLINTER, {"type": "spanbert_biaffine_answers"}])
def test_allennlp_s_check_before_a_training_has_nothing_against_a_head(head):
    check = NormalizationBiasVerification(make_model(head=head))
    assert check.check(batch_of(question_piece=head is SPLINTER)), check.detected_pairs


def test_a_question_piece_that_the_reader_does_not_put_there_is_an_error():
    model = make_model(head=SPLINTER)
    assert loss_of(model, question_piece=True).isfinite()
    with pytest.raises(ConfigError, match="set `question_piece` of the readers to true"):
        loss_of(model)


@pytest.mark.parametrize("head", ["spanbert_biaffine_answers", SPLINTER["type"]])
def test_only_the_linear_head_can_be_exported(head):
    with pytest.raises(ConfigError, match="only models with `spanbert_independent_answers`"):
        QATask().bert_settings(make_model(head={"type": head}), {"dataset_reader": {}})


def test_the_knob_head_sets_the_readers_too():
    shipped = ROOT / "training_configs" / "qa" / "squad1_minilm.jsonnet"
    config = evaluate(shipped, f"head:: {json.dumps(SPLINTER)}")
    assert config["model"]["head"] == SPLINTER
    assert config["dataset_reader"]["question_piece"] is True
    assert config["validation_dataset_reader"]["question_piece"] is True
