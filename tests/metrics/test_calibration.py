"""Calibration error by hand, and temperatures against trying many."""

from __future__ import annotations

import math
import random

import pytest

from spanbert_allen.metrics.calibration import (
    expected_calibration_error,
    fitted_temperature,
    log_loss,
)


def test_the_expected_calibration_error_by_hand():
    """
    Bins are a fifteenth wide.

    0.61 and 0.65 share one, with one right of two: 0.5 from a mean of 0.63. The edge 2/3 belongs
    to that bin as well, 0.7 to the next, and 1.0 to the last.
    """
    confidences, is_right = [0.61, 0.65, 0.7, 1.0, 0.0], [True, False, True, True, False]
    expected = 2 / 5 * (0.63 - 0.5) + 1 / 5 * (1 - 0.7)
    assert expected_calibration_error(confidences, is_right) == pytest.approx(expected)
    with_edge = (0.61 + 0.65 + 2 / 3 - 2) / 6
    found = expected_calibration_error([*confidences, 2 / 3], [*is_right, True])
    assert found == pytest.approx(abs(with_edge) + (1 - 0.7) / 6)
    assert expected_calibration_error([], []) == 0


def test_the_log_loss_by_hand():
    expected = -(math.log(0.8) + math.log(1 - 0.3)) / 2
    assert log_loss([0.8, 0.3], [True, False]) == pytest.approx(expected)
    assert math.isfinite(log_loss([0.0, 1.0], [True, False]))


@pytest.mark.parametrize("seed", range(5))
def test_no_temperature_of_a_fine_grid_is_better(seed):
    chance = random.Random(seed)
    scale = chance.choice([0.3, 1.0, 3.0])
    examples = [([chance.gauss(0, scale) for _ in range(3)], chance.randrange(3)) for _ in range(9)]
    examples += [
        ([chance.gauss(2, scale) * (i == gold) for i in range(3)], gold) for gold in (0, 1)
    ]

    def loss(temperature: float) -> float:
        total = 0.0
        for logits, gold in examples:
            weights = [math.exp(logit / temperature) for logit in logits]
            total -= math.log(weights[gold] / sum(weights))
        return total

    found = fitted_temperature(loss)
    fine = [10 ** (step / 500) for step in range(-500, 501)]
    best = min(fine, key=loss)
    assert abs(math.log(found) - math.log(best)) < 0.01
    assert loss(found) <= loss(best) + 1e-4


def test_a_temperature_of_one_stays_where_nothing_is_better():
    assert fitted_temperature(lambda temperature: 1.0) == 1.0
    assert fitted_temperature(lambda temperature: abs(math.log(temperature))) == 1.0
