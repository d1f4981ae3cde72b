"""When a run evaluates: the original programs' arithmetic."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.accumulation import Accumulation
from spanbert_allen.training.loop.evaluation_points import EvaluationPoints


def evaluations(points: EvaluationPoints, num_batches: int, steps: int = 1) -> list[int]:
    """After how many batches' updates the weights are evaluated in an epoch, carrying leftovers."""
    found, done, updates = [], 0, 0
    for group in Accumulation(steps, "carry").groups(range(num_batches)):
        after = done + len(group.batches)
        if points.inside_group(done, after):
            found.append(updates * steps)
        updates += group.updates
        done = after
        if points.after_group(done, updates if group.updates else None):
            found.append(updates * steps)
    return found


def test_nineteen_batches_and_ten_evaluations_give_nineteen():
    assert evaluations(EvaluationPoints(19, per_epoch=10), 19) == list(range(1, 20))


def test_the_last_batches_of_an_epoch_are_not_evaluated():
    assert evaluations(EvaluationPoints(105, per_epoch=10), 105) == list(range(10, 101, 10))


def test_fewer_batches_than_evaluations():
    assert evaluations(EvaluationPoints(3, per_epoch=10), 3) == [1, 2, 3]


def test_points_between_updates_see_the_weights_before():
    # Every 3 batches with updates of 2: after batches 3, 6 and 9 the weights are those of 2, 6, 8.
    assert evaluations(EvaluationPoints(10, per_epoch=3), 10, steps=2) == [2, 6, 8]


def test_a_point_after_leftover_batches():
    # Batches 5 and 7 of 7, updates after 2, 4 and 6.
    assert evaluations(EvaluationPoints(7, per_epoch=7), 7, steps=2)[-1] == 6


def test_every_updates_counts_over_epochs():
    points = EvaluationPoints(every_updates=4)
    assert [done for done in range(1, 13) if points.after_group(1, done)] == [4, 8, 12]
    assert not points.after_group(1, None)
    assert not points.only_at_epoch_end


def test_by_default_at_the_end_of_an_epoch():
    points = EvaluationPoints(10)
    assert points.only_at_epoch_end
    assert evaluations(points, 10) == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"every_updates": 1, "per_epoch": 1}, "both set"),
        ({"every_updates": 0}, "evaluate_every_updates` is 0"),
        ({"per_epoch": 3}, "does not tell how many batches"),
    ],
)
def test_impossible_settings(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        EvaluationPoints(**settings)
