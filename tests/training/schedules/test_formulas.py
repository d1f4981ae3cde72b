"""The schedules against tables of the original programs' rates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.schedules.formulas import (
    SCHEDULES,
    check_total_steps,
    check_warmup,
    linear,
    linear_with_warmup,
    warmup_over_linear,
)

FINE_TUNING = {
    100: {0: 0, 1: 0.1, 5: 0.5, 9: 0.9, 10: 1, 11: 0.988889, 55: 0.5, 99: 0.011111},
    47: {0: 0, 1: 0.212766, 4: 0.851064, 5: 0.992908, 6: 0.969267, 46: 0.023641},
}
"""Updates of the run: share of the peak rate at some of them, for a tenth of warm-up."""
COREF_STEPS = 56_040
COREF_ENCODER = {
    0: 0,
    2802: 0.5,
    5603: 5603 / 5604,
    5604: 0.9,
    28_020: 0.5,
    COREF_STEPS: 0,
    57_000: 0,
}
COREF_TASK = {0: 1, 5604: 0.9, 28_020: 0.5, COREF_STEPS: 0, 57_000: 0}


@pytest.mark.parametrize("total", FINE_TUNING)
def test_fine_tuning(total):
    rates = {step: linear_with_warmup(step / total, 0.1) for step in FINE_TUNING[total]}
    assert rates == pytest.approx(FINE_TUNING[total], abs=1e-6)


def test_the_coreference_pair():
    encoder = {step: warmup_over_linear(step / COREF_STEPS, 0.1) for step in COREF_ENCODER}
    task = {step: linear(step / COREF_STEPS) for step in COREF_TASK}
    assert encoder == pytest.approx(COREF_ENCODER, abs=1e-12)
    assert task == pytest.approx(COREF_TASK, abs=1e-12)


@given(
    st.sampled_from(sorted(SCHEDULES)),
    st.floats(0, 2),
    st.floats(0, 1, exclude_max=True),
)
def test_shares_lie_between_nothing_and_the_peak(name, progress, warmup):
    assert 0.0 <= SCHEDULES[name](progress, warmup) <= 1.0


@given(st.floats(0, 1))
def test_without_warmup_all_lines_are_one(progress):
    expected = pytest.approx(linear(progress), abs=1e-15)
    assert linear_with_warmup(progress, 0.0) == expected
    assert warmup_over_linear(progress, 0.0) == expected


@pytest.mark.parametrize("warmup", [-0.1, 1.0, 500])
def test_a_share_that_is_none_names_the_key(warmup):
    with pytest.raises(ConfigError, match=r"`a\.b` is .* not a number of steps"):
        check_warmup(warmup, "a.b")


def test_a_run_without_updates_names_the_key():
    with pytest.raises(ConfigError, match=r"`a\.b` is 0"):
        check_total_steps(0, "a.b")
