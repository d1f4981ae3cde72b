"""A checkpoint of some workers for another number of them."""

from __future__ import annotations

import pytest

from spanbert_allen.training.recovery.other_workers import (
    accumulation_for,
    place_in_epoch,
    state_of_worker,
)


@pytest.mark.parametrize(
    ("batches_per_update", "world_size", "steps"), [(4, 1, 4), (4, 2, 2), (4, 3, 2), (1, 2, 1)]
)
def test_an_update_keeps_its_batches_where_they_can_be_shared(
    batches_per_update, world_size, steps
):
    assert accumulation_for(batches_per_update, world_size) == steps


def test_as_many_batches_of_the_epoch_are_done_together():
    assert place_in_epoch(3, 2, 1) == 6
    assert place_in_epoch(6, 1, 2) == 3
    assert place_in_epoch(3, 1, 2) == 1  # the third comes once more


def sums(loss, num_batches):
    return {"sums": {} if loss is None else {"loss": loss}, "num_batches": num_batches}


def worker(name, loss):
    losses = {"losses": sums(loss, 1), "epoch_losses": sums(2 * loss, 2)}
    return {"random": name, "batches": name, "metrics": {"accuracy": name}, **losses}


WORKERS = [worker("a", 1.0), worker("b", 10.0), worker("c", 100.0)]


def test_the_same_number_of_workers_go_on_each_from_its_own():
    assert [state_of_worker(WORKERS, rank, 3) for rank in range(3)] == WORKERS


@pytest.mark.parametrize("world_size", [1, 2, 4, 5])
def test_no_loss_is_left_out_or_counted_twice(world_size):
    states = [state_of_worker(WORKERS, rank, world_size) for rank in range(world_size)]
    for name, total, number in (("losses", 111.0, 3), ("epoch_losses", 222.0, 6)):
        assert sum(one[name]["sums"].get("loss", 0.0) for one in states) == total
        assert sum(one[name]["num_batches"] for one in states) == number


def test_more_workers_take_random_states_round_robin_and_count_metrics_anew():
    state = state_of_worker(WORKERS, 4, 5)
    assert (state["random"], state["batches"]) == ("b", "b")
    assert state["metrics"] == {}
