"""Whole trainings of a model that is a single weight, so that every number is known beforehand."""

from __future__ import annotations

import json
import logging
import random
from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import numpy
import pytest
import torch
from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance, Vocabulary
from allennlp.data.data_loaders import SimpleDataLoader
from allennlp.data.fields import TensorField
from allennlp.models import Model
from allennlp.training import Trainer
from allennlp.training.callbacks import TrainerCallback
from allennlp.training.metrics import Average

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.training import SpanbertTrainer


class OneWeight(Model):
    """loss = (weight - target)^2 / 2, so that the gradient is weight - target."""

    def __init__(self) -> None:
        super().__init__(Vocabulary())
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.mean_target = Average()
        self.seen: list[list[float]] = []

    def forward(self, target):
        self.mean_target(target.mean())
        if self.training:
            self.seen.append(target.tolist())
        else:
            random.random()
            torch.rand(1)
        return {"loss": ((self.weight - target) ** 2).mean() / 2}

    def get_metrics(self, reset=False):
        return {"target": self.mean_target.get_metric(reset)}


class Recorder(TrainerCallback):
    """What the trainer tells of."""

    def __init__(self, serialization_dir: str) -> None:
        super().__init__(serialization_dir)
        self.updates: list[dict] = []
        self.epochs: list[dict] = []
        self.ended = False

    def on_batch(self, trainer, inputs, outputs, metrics, epoch, number, is_training, **kwargs):
        if is_training:
            self.updates.append({**metrics, "weight": trainer.model.weight.item()})

    def on_epoch(self, trainer, metrics, epoch, is_primary=True, **kwargs):
        self.epochs.append(dict(metrics))

    def on_end(self, trainer, metrics=None, epoch=None, is_primary=True, **kwargs):
        self.ended = True


def loader(targets, batch_size=1):
    instances = [Instance({"target": TensorField(torch.tensor(float(t)))}) for t in targets]
    loader = SimpleDataLoader(instances, batch_size, vocab=Vocabulary())
    loader.set_target_device(torch.device("cpu"))
    return loader


def train(folder, targets=(1.0,) * 8, validation=(1.0,), **settings):
    settings.setdefault("num_epochs", 1)
    settings.setdefault("optimizer", {"type": "sgd", "lr": 0.5})
    settings.setdefault("callbacks", [])
    model = OneWeight()
    recorder = Recorder(str(folder))
    trainer = Trainer.from_params(
        Params({"type": "spanbert", "cuda_device": -1, **settings}),
        model=model,
        serialization_dir=str(folder),
        data_loader=loader(targets),
        validation_data_loader=None if validation is None else loader(validation),
    )
    trainer._callbacks.append(recorder)
    assert isinstance(trainer, SpanbertTrainer)
    return trainer, recorder, trainer.train()


MULTI = {
    "type": "multi",
    "optimizers": {"default": {"type": "spanbert_bert_adam", "lr": 0.1, "schedule": "linear"}},
    "parameter_groups": [[["weight"], {}]],
}


def evaluations(folder):
    return [json.loads(line) for line in Path(folder, "evaluations.jsonl").open()]


def test_updates_are_those_of_gradient_descent(tmp_path):
    _, recorder, metrics = train(tmp_path, targets=(1.0, 1.0, 1.0))
    assert [update["weight"] for update in recorder.updates] == [0.5, 0.75, 0.875]
    assert metrics["training_loss"] == pytest.approx((1 + 0.25 + 0.0625) / 2 / 3)
    assert metrics["validation_loss"] == 0.125**2 / 2
    assert recorder.ended
    assert json.loads((tmp_path / "metrics_epoch_0.json").read_text())["validation_target"] == 1.0


@pytest.mark.parametrize(
    ("leftover", "weights"),
    [
        # Updates by the mean of two; the third batch of each epoch is left over.
        ("update", [0.5, 0.75, 0.875, 0.9375]),
        ("drop", [0.5, 0.75]),
        # Its gradient, halved like all, waits for the next epoch: -0.25 of the third batch, and
        # -0.5 of the mean, from 0.5.
        ("carry", [0.5, 0.5 + 0.5 * (0.25 + 0.5)]),
    ],
)
def test_leftover_batches(tmp_path, leftover, weights):
    _, recorder, _ = train(
        tmp_path,
        targets=(1.0, 1.0, 1.0),
        num_epochs=2,
        num_gradient_accumulation_steps=2,
        leftover=leftover,
    )
    assert [update["weight"] for update in recorder.updates] == pytest.approx(weights)


def test_the_optimizer_is_told_the_length_of_the_run(tmp_path):
    trainer, _, _ = train(
        tmp_path,
        targets=(1.0,) * 7,
        num_epochs=3,
        num_gradient_accumulation_steps=2,
        leftover="carry",
        optimizer={"type": "spanbert_bert_adam", "lr": 0.1},
    )
    assert trainer.optimizer.param_groups[0]["total_steps"] == 9
    assert trainer.optimizer.param_groups[0]["step"] == trainer.updates_done == 9


def test_a_scheduler_is_told_the_updates_that_there_will_be(tmp_path):
    trainer, _, _ = train(
        tmp_path,
        targets=(1.0,) * 7,
        num_epochs=2,
        num_gradient_accumulation_steps=2,
        leftover="drop",
        learning_rate_scheduler={"type": "spanbert_linear_with_warmup"},
    )
    assert trainer._learning_rate_scheduler.total_steps == 6


def test_the_best_weights_are_kept_and_given_back(tmp_path):
    # The weight goes 0.5, 0.75, 0.875, ...: nearest to 0.7 after the second update.
    trainer, _, metrics = train(tmp_path, validation=(0.7,), evaluate_every_updates=1)
    assert [one["best"] for one in evaluations(tmp_path)] == [True, True] + [False] * 6
    assert metrics["best_update"] == 2
    assert metrics["best_validation_loss"] == pytest.approx(0.05**2 / 2)
    assert trainer.model.weight.item() == 0.75
    assert torch.load(tmp_path / "best.th")["weight"].item() == 0.75
    assert trainer.get_best_weights_path() == str(tmp_path / "best.th")


def test_a_run_goes_on_where_its_folder_was_moved_to(tmp_path):
    settings = {"validation": (0.7,), "evaluate_every_updates": 1}
    train(tmp_path / "before", **settings)
    (tmp_path / "before").rename(tmp_path / "now")
    trainer, _, _ = train(tmp_path / "now", **settings)
    assert trainer.updates_done == 8
    assert trainer.model.weight.item() == 0.75
    assert trainer.get_best_weights_path() == str(tmp_path / "now" / "best.th")


def test_any_metric_may_choose_and_equal_ones_change_nothing(tmp_path):
    train(tmp_path, evaluate_every_updates=2, validation_metric="+target")
    assert [one["best"] for one in evaluations(tmp_path)] == [True, False, False, False]
    assert torch.load(tmp_path / "best.th")["weight"].item() == 0.75


def test_evaluations_within_epochs_as_the_original_counts_them(tmp_path):
    train(tmp_path, targets=(1.0,) * 5, num_epochs=2, evaluations_per_epoch=2)
    # After two and four batches of each epoch, and once more at the end, which it lacks.
    assert [one["update"] for one in evaluations(tmp_path)] == [2, 4, 7, 9, 10]


def test_without_an_evaluation_at_the_end(tmp_path):
    trainer, _, _ = train(
        tmp_path, targets=(1.0,) * 5, evaluations_per_epoch=2, evaluate_at_end=False
    )
    assert [one["update"] for one in evaluations(tmp_path)] == [2, 4]
    assert trainer.model.weight.item() == 1 - 0.5**4  # the best of those, not the last


@pytest.mark.parametrize("kind", [numpy.float64, numpy.float32])
def test_metrics_may_be_numbers_of_numpy(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(OneWeight, "get_metrics", lambda self, reset=False: {"target": kind(0.5)})
    _, _, metrics = train(tmp_path)
    assert metrics["validation_target"] == metrics["training_target"] == 0.5
    assert evaluations(tmp_path)[0]["validation"]["target"] == 0.5
    assert list(tmp_path.glob("model_state_*.th"))


def test_patience_counts_evaluations(tmp_path):
    trainer, recorder, _ = train(
        tmp_path, validation=(0.7,), num_epochs=5, evaluate_every_updates=1, patience=3
    )
    assert trainer.updates_done == 5
    assert len(recorder.epochs) == 1
    assert trainer.model.weight.item() == 0.75


def test_training_metrics_count_since_the_evaluation_before(tmp_path):
    train(tmp_path, targets=(1.0, 1.0, 3.0, 3.0), evaluate_every_updates=2)
    assert [one["training"]["target"] for one in evaluations(tmp_path)] == [1.0, 3.0]


def test_without_validation_data_the_last_weights_are_the_result(tmp_path):
    trainer, _, metrics = train(tmp_path, validation=None, num_epochs=2)
    assert torch.load(tmp_path / "best.th")["weight"].item() == trainer.model.weight.item()
    assert trainer.updates_done == 16
    assert "training_loss" in metrics
    assert not (tmp_path / "evaluations.jsonl").exists()


def test_evaluating_more_often_trains_the_same(tmp_path):
    class Drawing(OneWeight):
        def forward(self, target):
            noise = torch.rand(()) + random.random() if self.training else 0.0
            return super().forward(target + noise)

    weights = []
    for name, every in (("often", 1), ("seldom", 4)):
        torch.manual_seed(1)
        random.seed(1)
        trainer = SpanbertTrainer.from_partial_objects(
            model=Drawing(),
            serialization_dir=str(tmp_path / name),
            data_loader=loader((1.0,) * 8),
            validation_data_loader=loader((1.0,)),
            num_epochs=1,
            cuda_device=-1,
            evaluate_every_updates=every,
            optimizer=Lazy(lambda model_parameters: torch.optim.SGD([model_parameters[0][1]], 0.5)),
        )
        trainer.train()
        weights.append(torch.cat([torch.tensor(seen) for seen in trainer.model.seen]))
    assert torch.equal(*weights)


def test_the_memory_is_announced_and_leaves_no_trace(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="spanbert_allen"):
        trainer, _, _ = train(tmp_path, targets=(1.0, 2.0), validation=(1.0,))
    assert "training needs about" in caplog.text
    assert evaluations(tmp_path)[0]["training"]["target"] == 1.5
    quiet, _, _ = train(tmp_path / "quiet", targets=(1.0, 2.0), announce_memory=False)
    assert quiet.model.weight.item() == trainer.model.weight.item()


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path):
    with pytest.raises(UserError, match="the loss is nan after 1 updates"):
        train(tmp_path, targets=(1.0, float("nan"), 1.0), announce_memory=False)
    assert not list(tmp_path.glob("model_state*"))


def test_fp16_leaves_out_what_overflows(tmp_path):
    trainer, recorder, _ = train(
        tmp_path,
        targets=(1.0, float("inf"), 1.0),
        precision="fp16",
        optimizer={"type": "spanbert_bert_adam", "schedule": "constant", "lr": 0.1, "clip": None},
    )
    before, overflowed, _ = [update["weight"] for update in recorder.updates]
    assert before == overflowed
    assert trainer.optimizer.param_groups[0]["step"] == 3  # the schedule goes on
    assert trainer.precision.scaler.get_scale() == 2**15


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_checkpoints_are_in_single_precision(tmp_path, precision):
    train(tmp_path, precision=precision)
    assert torch.load(tmp_path / "best.th")["weight"].dtype is torch.float32


def test_checkpoints_hold_tensors_and_plain_values_only(tmp_path):
    train(tmp_path, num_epochs=1, checkpointer={"save_every_num_batches": 3})
    for path in tmp_path.glob("*.th"):
        torch.load(path, weights_only=True)
    assert {path.name for path in tmp_path.glob("model_state*")} == {
        "model_state_e0_b6.th",
        "model_state_e1_b0.th",
    }


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"use_amp": True}, ConfigError, "set `trainer.precision`"),
        ({"precision": "half"}, ConfigError, "one of fp32, bf16, fp16"),
        ({"num_epochs": 0}, ConfigError, "the knob `epochs`.* is 0, which trains nothing"),
        ({"compile": "speed"}, ConfigError, "`trainer.compile` is 'speed'"),
        ({"validation_metric": "+f1"}, ConfigurationError, "f1"),
        ({"evaluate_every_updates": 2, "evaluations_per_epoch": 2}, ConfigError, "both set"),
        (
            {"num_gradient_accumulation_steps": 9, "leftover": "carry"},
            ConfigError,
            "has 8 batches and an update takes 9, so that with `trainer.leftover` 'carry' none",
        ),
        (
            {"optimizer": MULTI, "learning_rate_scheduler": {"type": "linear_with_warmup"}},
            ConfigError,
            "`trainer.learning_rate_scheduler` has no effect on the optimizers of `multi`",
        ),
    ],
)
def test_impossible_settings(tmp_path, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        train(tmp_path, **deepcopy(settings))


def test_a_training_without_a_batch_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="makes no batch of the training data: give it more"):
        train(tmp_path, targets=())


def test_compiled_training_gives_the_same_weights(tmp_path):
    plain, _, _ = train(tmp_path / "plain")
    compiled, _, _ = train(tmp_path / "compiled", compile="aot_eager", run_confidence_checks=False)
    assert compiled.model.weight.item() == pytest.approx(plain.model.weight.item())
    assert set(torch.load(tmp_path / "compiled" / "best.th")) == {"weight"}


@pytest.mark.parametrize("optimizer", [MULTI["optimizers"]["default"], MULTI])
def test_learning_rates_stand_in_the_history(tmp_path, optimizer):
    train(tmp_path, evaluate_every_updates=1, optimizer=deepcopy(optimizer))
    rates = [one["learning_rates"]["0"] for one in evaluations(tmp_path)]
    assert rates == pytest.approx([0.1 * (1 - step / 8) for step in range(8)])
    assert all(later < sooner for sooner, later in pairwise(rates))


@pytest.mark.usefixtures("group_of_one")
@pytest.mark.parametrize("settings", [{}, {"ddp_accelerator": {"type": "torch"}}])
def test_names_of_parameters_on_several_workers_are_those_on_one(tmp_path, settings):
    optimizer = {"type": "sgd", "lr": 0.0, "parameter_groups": [[["^weight$"], {"lr": 0.5}]]}
    trainer, recorder, _ = train(
        tmp_path,
        targets=(1.0, 1.0),
        distributed=True,
        world_size=2,  # of which only one is there: AllenNLP refuses to be told of one
        leftover="drop",
        no_grad=["^module"],
        optimizer=optimizer,
        moving_average={"type": "exponential"},
        **settings,
    )
    assert [update["weight"] for update in recorder.updates] == [0.5, 0.75]
    assert trainer._moving_average.state_dict()["shadows"].keys() == {"weight"}
    assert torch.load(tmp_path / "best.th").keys() == {"weight"}


def test_a_checkpoint_of_other_groups_is_refused(tmp_path):
    train(tmp_path)
    optimizer = {"type": "sgd", "lr": 0.5, "parameter_groups": [[["^weight"], {"lr": 0.1}]]}
    with pytest.raises(ConfigError, match=r"the checkpoint have \[1\] parameters, .* \[1, 0\]"):
        train(tmp_path, optimizer=optimizer)
