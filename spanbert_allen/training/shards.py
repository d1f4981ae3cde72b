"""Several workers that take every step together, though their shares of the data differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import torch
from allennlp.data import DataLoader
from allennlp.nn.util import dist_reduce
from torch import distributed

from spanbert_allen.common.errors import DataError

T = TypeVar("T")


def lockstep(
    batches: Iterator[T], device: torch.device, is_distributed: bool
) -> Iterator[tuple[T, bool, int]]:
    """
    The batches of this worker, as many as the worker with the most has: one that has run out gets
    its last batch again, which must count for nothing. So workers that wait for each other in every
    step, for gradients or for metrics, all go to the end, and no batch is left out.

    # Parameters

    batches : `Iterator[T]`
        This worker's.
    device : `torch.device`
        Where it computes.
    is_distributed : `bool`
        Whether there are other workers.

    # Returns

    `Iterator[tuple[T, bool, int]]`
        A batch, whether it counts for nothing, and how many workers have one that counts.

    Raises `DataError`, on every worker, if one has no batch at all.
    """
    if not is_distributed:
        for own in batches:
            yield own, False, 1
        return
    latest: T | None = None
    is_first = True
    while True:
        batch: T | None = next(batches, None)
        # Shape: ()
        num_real = torch.tensor(int(batch is not None), device=device)
        distributed.all_reduce(num_real)
        count = int(num_real.item())
        if count == 0:
            return
        if is_first and count < distributed.get_world_size():
            raise DataError(
                f"there are {distributed.get_world_size()} workers, but only {count} got any data: "
                "give at least as many documents as there are entries in "
                "`distributed.cuda_devices`, or take some of these out"
            )
        is_first = False
        latest = latest if batch is None else batch
        assert latest is not None
        yield latest, batch is None, count


def num_batches(data_loader: DataLoader) -> int | None:
    """
    The batches of an epoch; where workers' shares differ, of the largest. All workers must ask.

    # Parameters

    data_loader : `DataLoader`
        This worker's.

    # Returns

    `int | None`
        `None` for a loader without length.
    """
    try:
        count = len(data_loader)
    except TypeError:
        return None
    return int(dist_reduce(count, distributed.ReduceOp.MAX))
