"""The rate that each update has under AllenNLP's own trainer."""

from __future__ import annotations

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Instance, Vocabulary
from allennlp.data.data_loaders import SimpleDataLoader
from allennlp.data.fields import TensorField
from allennlp.training import GradientDescentTrainer, Trainer
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.schedules.formulas import (
    linear,
    linear_with_warmup,
    warmup_over_linear,
)
from tests.compat.tiny_training import Square

EPOCHS, BATCHES = 4, 5
TOTAL = EPOCHS * BATCHES
PEAK, TASK_PEAK = 0.5, 0.25
GROUPS = [[["weight"], {"lr": PEAK, "name": "encoder"}]]
ADAM = {"type": "adam", "lr": TASK_PEAK, "parameter_groups": GROUPS}


def build(folder, scheduler, optimizer=None, **options):
    """A trainer, and the rates of both parameter groups at each update that it makes."""
    folder.mkdir(exist_ok=True)
    instances = [Instance({"x": TensorField(torch.ones(3))}) for _ in range(BATCHES)]
    model = Square(Vocabulary())
    trainer = Trainer.from_params(
        Params(
            {
                "num_epochs": EPOCHS,
                "cuda_device": -1,
                "optimizer": optimizer or ADAM,
                **({"learning_rate_scheduler": scheduler} if scheduler else {}),
                **options,
            }
        ).duplicate(),
        model=model,
        data_loader=SimpleDataLoader(instances, 1),
        serialization_dir=str(folder),
    )
    assert type(trainer) is GradientDescentTrainer
    rates: list[tuple[float, ...]] = []
    trainer.optimizer.register_step_post_hook(
        lambda steps, *_: rates.append(tuple(group["lr"] for group in steps.param_groups))
    )
    return trainer, rates


def expected(encoder, task, total=TOTAL):
    return [
        pytest.approx((PEAK * encoder(k / total), TASK_PEAK * task(k / total)), abs=1e-15)
        for k in range(total)
    ]


def warming(progress):
    return linear_with_warmup(progress, 0.1)


def falling(progress):
    return warmup_over_linear(progress, 0.1)


@pytest.mark.parametrize(
    ("scheduler", "encoder", "task"),
    [
        ({"type": "spanbert_linear_with_warmup"}, warming, warming),
        ({"type": "spanbert_coref"}, warming, linear),
        ({"type": "spanbert_coref", "encoder_groups": [0]}, warming, linear),
        ({"type": "spanbert_coref", "encoder_groups": [1]}, linear, warming),
        ({"type": "spanbert_coref", "falls_after_warmup": True}, falling, linear),
    ],
)
def test_each_update_has_its_own_rate(scheduler, encoder, task, tmp_path):
    trainer, rates = build(tmp_path, scheduler)
    trainer.train()
    assert rates == expected(encoder, task)


def test_the_optimizer_alone_gives_the_same_rates(tmp_path):
    optimizer = {**ADAM, "type": "spanbert_bert_adam", "total_steps": TOTAL}
    trainer, rates = build(tmp_path, None, optimizer)
    trainer.train()
    assert rates == expected(warming, warming)


def test_accumulation_counts_updates_with_the_short_last_group(tmp_path):
    trainer, rates = build(tmp_path, {"type": "spanbert_coref"}, num_gradient_accumulation_steps=2)
    trainer.train()
    assert rates == expected(warming, linear, total=EPOCHS * 3)


def test_another_length_of_the_run(tmp_path):
    scheduler = {"type": "spanbert_linear_with_warmup", "total_steps": 40, "warmup_proportion": 0.3}
    trainer, rates = build(tmp_path, scheduler)
    trainer.train()

    def schedule(progress):
        return linear_with_warmup(progress, 0.3)

    assert rates == expected(schedule, schedule, total=40)[:TOTAL]


@pytest.mark.parametrize(
    ("scheduler", "optimizer"),
    [
        ({"type": "spanbert_coref"}, ADAM),
        (None, {**ADAM, "type": "spanbert_bert_adam", "total_steps": TOTAL}),
    ],
    ids=["scheduler", "optimizer"],
)
def test_a_run_that_is_resumed_goes_on_in_the_schedule(scheduler, optimizer, tmp_path):
    whole, rates = build(tmp_path / "whole", scheduler, optimizer)
    whole.train()
    first, first_rates = build(tmp_path / "halves", scheduler, optimizer)
    first._num_epochs = 2
    first.train()
    second, second_rates = build(tmp_path / "halves", scheduler, optimizer)
    second.train()
    assert len(first_rates) == len(second_rates) == TOTAL // 2
    assert first_rates + second_rates == rates


def adam():
    parameter = torch.nn.Parameter(torch.ones(1))
    options = Params({"type": "adam", "parameter_groups": [[["p"], {"name": "encoder"}]]})
    return Optimizer.from_params(options, model_parameters=[("p", parameter)])


@pytest.mark.parametrize(
    ("options", "steps_per_epoch", "sentence"),
    [
        ({"type": "spanbert_coref"}, None, r"learning_rate_scheduler\.total_steps` is not set"),
        ({"type": "spanbert_coref", "encoder_groups": ["encodr"]}, 5, "names encoder"),
        ({"type": "spanbert_coref", "encoder_groups": [2]}, 5, "no parameter group 2"),
        (
            {"type": "spanbert_linear_with_warmup", "warmup_proportion": 100},
            5,
            r"learning_rate_scheduler\.warmup_proportion` is 100",
        ),
        ({"type": "spanbert_coref", "total_steps": 0}, 5, "at least 1"),
    ],
)
def test_what_cannot_work_names_its_key(options, steps_per_epoch, sentence):
    with pytest.raises(ConfigError, match=sentence):
        LearningRateScheduler.from_params(
            Params(options), optimizer=adam(), num_epochs=2, num_steps_per_epoch=steps_per_epoch
        )
