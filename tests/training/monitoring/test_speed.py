"""How fast a training goes, measured by a clock that the test sets."""

from __future__ import annotations

import io
import logging
from types import SimpleNamespace

import pytest
import torch

from spanbert_allen.training.monitoring.progress import RunProgress
from spanbert_allen.training.monitoring.speed import Speed, SpeedMeter
from spanbert_allen.training.schedules.time_budget import TimeBudget

PADDED = torch.tensor([[0, 0, 0, 0], [0, 0, 0, -1]])


@pytest.fixture
def clock():
    return SimpleNamespace(now=50.0)


def slow_loader(clock, batches):
    """Each batch takes two seconds to come."""
    for batch in batches:
        clock.now += 2
        yield batch


def test_pieces_padding_and_waiting(clock):
    meter = SpeedMeter(lambda: clock.now)
    for _ in meter.watch(slow_loader(clock, [{"segment_ids": PADDED}] * 2)):
        clock.now += 6  # the update
    expected = Speed(waiting_share=0.25, pieces_per_second=14 / 16, padding_share=1 / 8)
    assert meter.look() == meter.take() == expected
    assert expected.sentence() == "1 pieces/s, 12% padding, 25% waiting for data"
    assert meter.look().pieces_per_second is None  # begun anew


def test_batches_that_do_not_tell_their_pieces(clock):
    meter = SpeedMeter(lambda: clock.now)
    for _ in meter.watch(slow_loader(clock, [{"tokens": {"ids": PADDED}}])):
        clock.now += 2
    assert meter.take().as_metrics() == {"waiting_share": 0.5}


def test_the_log_tells_speed_and_time(caplog, clock):
    with (
        caplog.at_level(logging.INFO, logger="spanbert_allen"),
        RunProgress(
            None, stream=io.StringIO(), budget=TimeBudget(1.0), clock=lambda: clock.now
        ) as progress,
    ):
        for number in range(1, 5):
            clock.now += 180
            speed = Speed(waiting_share=0.5)
            progress.update(0.5, 0, seconds=number * 180.0, speed=lambda s=speed: s)
    first, second = caplog.messages  # at two tenths of the hour; none at the start
    assert first.startswith("update 2 (epoch 1, 10% of the time): loss 0.5, ")
    assert second.endswith("0:48:00 left, 50% waiting for data")
