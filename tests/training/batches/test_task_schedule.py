"""Batches of several tasks: by weights, all of the data, the same in any run."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.task_schedule import TaskSchedule

SIZES = {"coref": 3, "qa": 12, "relation": 5}


def test_without_weights_every_batch_comes_once_an_epoch():
    schedule = TaskSchedule(SIZES, seed=1)
    for number in (0, 1, 7):
        planned = schedule.epoch(number)
        assert Counter(planned) == Counter(
            one._replace(data_pass=number) for one in schedule.one_pass()
        )
    assert [one.task for one in schedule.epoch(0)] != [one.task for one in schedule.epoch(1)]


def test_weights_share_an_epoch_out_and_passes_go_on_where_they_stopped():
    schedule = TaskSchedule(SIZES, weights={"coref": 2, "qa": 1}, batches_per_epoch=8, seed=1)
    assert schedule.counts == {"coref": 4, "qa": 2, "relation": 2}
    seen = [one for number in range(6) for one in schedule.epoch(number)]
    for task, count in schedule.counts.items():
        own = [one for one in seen if one.task == task]
        assert [divmod(i, SIZES[task]) for i in range(6 * count)] == [
            (one.data_pass, one.place) for one in own
        ]


def test_the_batches_of_a_task_are_spread_over_the_epoch():
    schedule = TaskSchedule({"coref": 5, "qa": 50}, seed=3)
    places = [i for i, one in enumerate(schedule.epoch(0)) if one.task == "coref"]
    gaps = [after - before for before, after in pairwise(places)]
    assert all(9 <= gap <= 13 for gap in gaps)


def test_an_epoch_does_not_depend_on_what_was_asked_before():
    schedule = TaskSchedule(SIZES, seed=1)
    third = schedule.epoch(3)
    schedule.epoch(0)
    assert TaskSchedule(SIZES, seed=1).epoch(3) == third
    assert TaskSchedule(SIZES, seed=2).epoch(3) != third


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batches_per_epoch": 2}, "less than a batch for each of the 3 tasks"),
        ({"weights": {"qa": 0}}, "needs a weight above 0"),
    ],
)
def test_settings_that_cannot_be(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        TaskSchedule(SIZES, seed=1, **settings)
