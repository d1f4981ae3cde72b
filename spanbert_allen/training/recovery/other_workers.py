"""A checkpoint of some workers, shared out among another number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WorkerState = dict[str, Any]
"""What a checkpoint keeps of one worker: random states, metrics, sums of losses."""


def accumulation_for(batches_per_update: int, world_size: int) -> int:
    """
    Return how many batches each worker must add up, so that an update keeps its size.

    # Parameters

    batches_per_update : `int`
        The batches of an update, of all workers together.
    world_size : `int`
        The number of workers now.

    # Returns

    `int`
        Where the workers cannot share the batches evenly, the next larger number.
    """
    return -(-batches_per_update // world_size)


def place_in_epoch(batches_done: int, num_before: int, num_now: int) -> int:
    """
    Return the batches of the epoch that each worker has done, if others did the same work.

    # Parameters

    batches_done : `int`
        The batches that each worker had done.
    num_before, num_now : `int`
        The numbers of workers.
    """
    return batches_done * num_before // num_now


def state_of_worker(workers: Sequence[WorkerState], rank: int, world_size: int) -> WorkerState:
    """
    Return the state that a worker goes on from.

    # Parameters

    workers : `Sequence[WorkerState]`
        Those of the checkpoint.
    rank : `int`
        The number of the worker, from 0.
    world_size : `int`
        The number of workers now.

    # Returns

    `WorkerState`
        That of the same rank if the number of workers is the same. Otherwise the sums of losses of
        all workers are shared out, none left out or counted twice. Random states are taken
        round-robin. Metrics, which cannot be added up in general, are those of the same rank.
    """
    if len(workers) == world_size:
        return workers[rank]
    mine = workers[rank::world_size]
    return {
        **workers[rank % len(workers)],
        "metrics": mine[0]["metrics"] if mine else {},
        **{name: _added_up([one[name] for one in mine]) for name in ("losses", "epoch_losses")},
    }


def _added_up(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the state of the sums of losses of several workers together."""
    sums: dict[str, float] = {}
    for state in states:
        for name, value in state["sums"].items():
            sums[name] = sums.get(name, 0.0) + value
    return {"sums": sums, "num_batches": sum(state["num_batches"] for state in states)}
