"""Weights & Biases and MLflow beside our trainer; the packages themselves are played by fakes."""

from __future__ import annotations

import json
import sys
import types

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training import MlflowCallback
from tests.training.loop.test_trainer import train


class Fake(types.ModuleType):
    """A module that notes what is called."""

    def __init__(self, name):
        super().__init__(name)
        self.calls = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def called(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            return types.SimpleNamespace(info=types.SimpleNamespace(run_id="r1"))

        return called

    def of(self, name):
        return [(args, kwargs) for called, args, kwargs in self.calls if called == name]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model": {"type": "x", "sizes": [1, 2]}}))
    return tmp_path


def test_mlflow(folder, monkeypatch):
    mlflow = Fake("mlflow")
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    callback = {"type": "spanbert_mlflow", "experiment": "e", "summary_interval": 1}
    train(folder, num_epochs=2, callbacks=[callback])
    assert mlflow.of("set_experiment") == [(("e",), {})]
    assert mlflow.of("log_params") == [(({"model.type": '"x"', "model.sizes": "[1, 2]"},), {})]
    logged = mlflow.of("log_metrics")
    assert {kwargs["step"] for _, kwargs in logged} == set(range(1, 17))
    names = {name for (values,), _ in logged for name in values}
    assert {"train/batch_loss", "train/loss", "validation/loss"} <= names
    assert len(mlflow.of("end_run")) == 1


def test_mlflow_goes_on_with_the_run_of_before(folder, monkeypatch):
    mlflow = Fake("mlflow")
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    callback = MlflowCallback(str(folder))
    callback.load_state_dict({"run_id": "r0"})
    callback.on_start(types.SimpleNamespace(model=None))
    assert mlflow.of("start_run") == [((), {"run_id": "r0", "run_name": None})]
    assert not mlflow.of("log_params")
    assert callback.state_dict() == {"run_id": "r1"}


def test_mlflow_gets_names_that_it_takes(folder, monkeypatch):
    """MLflow 2.22 refuses any other character, with an exception."""
    mlflow = Fake("mlflow")
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    weights = {"model": {"class_weights": {"Cause-Effect(e1,e2)": 2.0, "Ursache ä": 1.0}}}
    (folder / "config.json").write_text(json.dumps(weights))
    callback = MlflowCallback(str(folder))
    callback.on_start(types.SimpleNamespace(model=None))
    (((params,), _),) = mlflow.of("log_params")
    assert set(params) == {
        "model.class_weights.Cause-Effect_e1_e2_",
        "model.class_weights.Ursache ä",
    }
    callback.trainer = types.SimpleNamespace(_total_batches_completed=3)
    callback.log_scalars({"Cause-Effect(e1,e2)_f1": 0.5}, log_prefix="validation")
    assert mlflow.of("log_metrics") == [
        (({"validation/Cause-Effect_e1_e2__f1": 0.5},), {"step": 3})
    ]


def test_without_mlflow_no_training_begins(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError, match="pip install mlflow-skinny"):
        MlflowCallback(str(folder))


def test_wandb_without_its_function_for_ids(folder, monkeypatch):
    wandb = Fake("wandb")
    wandb.util = types.ModuleType("wandb.util")
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    (folder / "out.log").touch()
    callback = {"type": "wandb", "project": "p", "summary_interval": 1, "watch_model": False}
    train(folder, num_epochs=2, callbacks=[callback])
    ((_, begun),) = wandb.of("init")
    assert begun["project"] == "p"
    assert len(begun["id"]) == 8
    assert wandb.of("log")
    assert len(wandb.of("finish")) == 1


def test_only_the_first_worker_tells(folder, monkeypatch):
    mlflow = Fake("mlflow")
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    train(folder, callbacks=[{"type": "spanbert_mlflow"}], local_rank=1)
    assert not mlflow.calls
