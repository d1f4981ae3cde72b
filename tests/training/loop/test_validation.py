"""A misspelt `validation_metric` is found before training."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.validation import check_tracked_metrics
from tests.models import test_coref, test_qa, test_relation, test_sequence_classifier
from tests.training.loop.test_trainer import OneWeight, train

MODELS = {
    "coref": test_coref.make_model,
    "squad2": test_qa.make_model,
    "squad1": lambda: test_qa.make_model(impossible_answers=False),
    "relation": lambda: test_relation.make_model(by_label=True, scorer="semeval2010"),
    "classes": lambda: test_sequence_classifier.make_model(task="mnli"),
    "numbers": lambda: test_sequence_classifier.make_model(task="sts-b"),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("training", [True, False])
def test_a_model_knows_its_metrics(name, training):
    model = MODELS[name]().train(training)
    model.eval()
    known = [*model.get_metrics(), "loss"]
    model.train(training)
    check_tracked_metrics(model, known)
    assert model.training is training
    with pytest.raises(ConfigError, match=rf"validation_metric: 'x{known[0]}' is no metric of a"):
        check_tracked_metrics(model, ["loss", f"x{known[0]}"])
    assert all(module.training is training for module in model.modules())


def test_what_is_meant_is_said():
    model = test_coref.make_model()
    with pytest.raises(ConfigError, match=r"SpanbertCoref: did you mean `coref_f1`"):
        check_tracked_metrics(model, ["coreff1"])
    with pytest.raises(ConfigError, match=r"SpanbertCoref: choose among mention_recall, coref_pre"):
        check_tracked_metrics(model, ["zzz"])


def test_parts_of_data_have_metrics():
    """Which are known only when the data is read."""
    check_tracked_metrics(MODELS["classes"](), ["matched_acc"])


def test_of_other_models_nothing_is_known():
    check_tracked_metrics(OneWeight(), ["anything"])


class Knowing(OneWeight):
    metrics_are_known = True


def test_the_trainer_asks(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.training.loop.test_trainer.OneWeight", Knowing)
    with pytest.raises(ConfigError, match="'targt' is no metric of a Knowing: did you mean `t"):
        train(tmp_path / "a", validation_metric="+targt")
    assert not list((tmp_path / "a").glob("*"))  # nothing was trained
    train(tmp_path / "b", validation_metric=["+target", "-loss"])
    # Without validation data nothing is tracked.
    train(tmp_path / "c", validation_metric="+targt", validation=None)
