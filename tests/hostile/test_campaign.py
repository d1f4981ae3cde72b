"""A few hundred seeded mistakes in what users give: one sentence each, and no record is lost."""

from __future__ import annotations

import pytest

from tests.hostile.campaign import TARGETS, Outcome

NUM_CASES = {"open an archive": 6}


@pytest.mark.parametrize("name", TARGETS)
def test_mistakes_end_in_a_sentence_and_lose_no_record(name, tmp_path):
    outcome = Outcome()
    number = NUM_CASES.get(name, 2 if name.startswith("predict") else 20)
    for seed in range(number):
        outcome.try_one(name, seed, tmp_path)
    assert not outcome.failures, "\n".join(outcome.failures[:3])
