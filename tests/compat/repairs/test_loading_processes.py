"""`tests/training/batches/test_resumable.py` has restarts with a loading process."""

from __future__ import annotations

import random

import spanbert_allen.plugin  # noqa: F401
from tests.training.batches.test_resumable import LOADERS, loader, numbers


def test_the_order_is_that_of_the_seed_and_another_in_each_epoch():
    orders = []
    for seed in (3, 3, 4):
        random.seed(seed)
        batches = loader(**LOADERS["a process"])
        orders.append([numbers(batches) for _ in range(2)])
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0][0] != orders[0][1]
    assert {number for batch in orders[0][0] for number in batch} == set(range(11))
