"""Which batches make an update, and what becomes of those left over."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.accumulation import Accumulation


def shown(accumulation: Accumulation, num_batches: int) -> list[tuple[list[int], bool]]:
    return [(group.batches, group.updates) for group in accumulation.groups(range(num_batches))]


@pytest.mark.parametrize(
    ("leftover", "last"),
    [("update", [([3, 4], True)]), ("carry", [([3, 4], False)]), ("drop", [])],
)
def test_leftover_batches(leftover, last):
    accumulation = Accumulation(3, leftover)
    assert shown(accumulation, 5) == [([0, 1, 2], True), *last]


@pytest.mark.parametrize("leftover", ["update", "carry", "drop"])
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("num_batches", [0, 1, 4, 5, 10, 11])
def test_as_many_updates_as_announced(leftover, steps, num_batches):
    accumulation = Accumulation(steps, leftover)
    updates = [group for group in accumulation.groups(range(num_batches)) if group.updates]
    assert len(updates) == accumulation.num_updates(num_batches)


def test_no_batch_is_read_before_its_group_is_asked_for():
    read = []
    batches = (read.append(number) or number for number in range(10))
    groups = Accumulation(2).groups(batches)
    next(groups)
    assert read == [0, 1]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [((0,), "num_gradient_accumulation_steps"), ((2, "keep"), "one of update, carry, drop")],
)
def test_impossible_settings(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Accumulation(*settings)
