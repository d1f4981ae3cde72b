"""Trainings with a budget of hours, by a clock that the test sets."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from allennlp.common import Params
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training import SpanbertTrainer
from spanbert_allen.training.loop.settings import LoopSettings
from spanbert_allen.training.recovery.checkpointer import SpanbertCheckpointer
from spanbert_allen.training.schedules.formulas import SCHEDULES
from spanbert_allen.training.schedules.time_budget import TimeBudget
from tests.training.loop.test_trainer import OneWeight, evaluations, loader, train

EPOCHS, BATCHES = 4, 5
TENTH = 360.0  # seconds, of an hour


class Killed(Exception):
    pass


def timed(folder, clock, *, optimizer=None, scheduler=None, stop_after=None, **settings):
    """Train with updates that take a tenth of an hour each; return the rates of all updates."""
    model = OneWeight()
    options = {"type": "spanbert_bert_adam", "lr": 1.0, "clip": None, "schedule": "linear"}
    made = Optimizer.from_params(
        Params({**options, **(optimizer or {})}), model_parameters=list(model.named_parameters())
    )
    trainer = SpanbertTrainer(
        model,
        made,
        loader((1.0,) * BATCHES),
        settings=LoopSettings(clock=lambda: clock.now, announce_memory=False, **settings),
        num_epochs=EPOCHS,
        validation_data_loader=loader((1.0,)),
        validation_metric="-loss",
        serialization_dir=str(folder),
        checkpointer=SpanbertCheckpointer(str(folder), save_every_num_batches=1),
        learning_rate_scheduler=None
        if scheduler is None
        else LearningRateScheduler.from_params(
            Params(scheduler), optimizer=made, num_epochs=EPOCHS, num_steps_per_epoch=BATCHES
        ),
    )
    rates = []

    def after_update(optimizer, *_):
        rates.append(optimizer.param_groups[0]["lr"])
        clock.now += TENTH
        if len(rates) == stop_after:
            raise Killed

    made.register_step_post_hook(after_update)
    try:
        trainer._maybe_restore_checkpoint()
        trainer.train()
    except Killed:
        pass
    return rates


@pytest.fixture
def clock():
    return SimpleNamespace(now=1000.0)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_rates_follow_the_time_to_the_end_of_the_schedule(tmp_path, clock, schedule):
    options = {"schedule": schedule, "warmup_proportion": 0.2}
    rates = timed(tmp_path, clock, optimizer=options, max_hours=1)
    assert rates == pytest.approx([SCHEDULES[schedule](k / 10, 0.2) for k in range(10)])
    # It ended in the midst of the run's epochs, evaluated there, and kept the best weights.
    assert [entry["update"] for entry in evaluations(tmp_path)] == [5, 10]
    assert (tmp_path / "best.th").is_file()


def test_rates_follow_the_updates_where_these_are_further(tmp_path, clock):
    rates = timed(tmp_path, clock, max_hours=100)
    assert rates == pytest.approx([1 - k / 20 for k in range(20)])


def test_a_scheduler_follows_the_time(tmp_path, clock):
    scheduler = {"type": "spanbert_linear_with_warmup", "warmup_proportion": 0.2}
    rates = timed(
        tmp_path, clock, optimizer={"schedule": "constant"}, scheduler=scheduler, max_hours=0.5
    )
    assert rates == pytest.approx([SCHEDULES["linear_with_warmup"](k / 5, 0.2) for k in range(5)])


def test_a_recovered_run_has_the_hours_that_were_left(tmp_path, clock):
    first = timed(tmp_path, clock, max_hours=1, stop_after=4)
    clock.now = 5.0  # another machine, started lately
    rest = timed(tmp_path, clock, max_hours=1)
    # The update that was made after the last checkpoint is made again.
    assert first == pytest.approx([1.0, 0.9, 0.8, 0.7])
    assert rest == pytest.approx([0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    clock.now = 7.0
    assert timed(tmp_path, clock, max_hours=1) == []  # the time was up


def test_there_is_an_update_even_if_the_time_is_up_at_once(tmp_path, clock):
    assert len(timed(tmp_path, clock, max_hours=0.01)) == 1


def test_what_a_budget_cannot_be(tmp_path):
    for hours in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ConfigError, match=r"`trainer.max_hours` is .*: it must be above 0"):
            TimeBudget(hours)
    with pytest.raises(ConfigError, match="a LinearWithWarmup counts updates only: use"):
        train(
            tmp_path,
            max_hours=1.0,
            learning_rate_scheduler={"type": "linear_with_warmup", "warmup_steps": 1},
        )


def test_an_optimizer_without_length_has_the_time_as_its_measure():
    parameter = torch.nn.Parameter(torch.zeros(()))
    optimizer = Optimizer.from_params(
        Params({"type": "spanbert_bert_adam", "schedule": "linear", "lr": 1.0}),
        model_parameters=[("weight", parameter)],
    )
    parameter.grad = torch.ones(())
    optimizer.set_least_progress(0.25)
    optimizer.step()
    assert optimizer.param_groups[0]["lr"] == 0.75
