"""Several workers that take every step together, though their shares of the data differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader, TensorDict
from allennlp.nn.util import dist_reduce, dist_reduce_sum
from torch import distributed

from spanbert_allen.common.errors import DataError
from spanbert_allen.training.loop.accumulation import Group
from spanbert_allen.training.recovery.full_tensors import is_shared_out

T = TypeVar("T")


class Step(NamedTuple):
    """One batch; on several workers they all take a step together."""

    batch: TensorDict
    idle: bool
    """Whether this worker has run out of data and the batch counts for nothing."""
    num_real: int
    """How many workers have a batch that counts."""
    seconds: float = 0.0
    """The first worker's clock when the batch had come: the same on all workers."""


def lockstep(
    batches: Iterator[TensorDict],
    device: torch.device,
    has_others: bool,
    before: TensorDict | None = None,
    *,
    clock: Callable[[], float] = lambda: 0.0,
) -> Iterator[Step]:
    """
    Yield the batches of this worker, as many as the worker with the most has.

    A worker that has run out gets its last batch again, which must count for nothing. So workers
    that wait for each other in every step, for gradients or for metrics, all reach the end, and no
    batch is left out.

    # Parameters

    batches : `Iterator[TensorDict]`
        This worker's.
    device : `torch.device`
        Where it computes.
    has_others : `bool`
        Whether there are other workers.
    before : `TensorDict`, optional (default = `None`)
        The batch that came before these, if there was one.
    clock : `Callable[[], float]`, optional (default = always 0)
        The seconds of each step.

    # Returns

    `Iterator[Step]`

    Raises `DataError`, on every worker, if one has no batch at all.
    """
    if not has_others:
        for own in batches:
            yield Step(own, False, 1, clock())
        return
    latest = before
    while True:
        batch: TensorDict | None = next(batches, None)
        latest = latest if batch is None else batch
        seconds = clock() if distributed.get_rank() == 0 else 0.0
        # Shape: (3,)
        counts = torch.tensor(
            [batch is not None, latest is not None, seconds], dtype=torch.float64, device=device
        )
        distributed.all_reduce(counts)
        *numbers, seconds = counts.tolist()
        num_real, num_any = map(int, numbers)
        if num_real == 0:
            return
        if num_any < distributed.get_world_size():
            raise _too_little("", num_any)
        assert latest is not None
        yield Step(latest, batch is None, num_real, seconds)


def without_idle_gradients(group: Group[Step], model: torch.nn.Module) -> Iterator[Step]:
    """
    Yield the steps of a group, for the caller to make their backward passes meanwhile.

    A parameter that was used only by batches that count for nothing has no gradient afterwards, on
    any worker. With a gradient of zeros an optimizer would move it. All workers must take the group
    together.

    # Parameters

    group : `Group[Step]`
        If it is not followed by an update, its gradients stay as they are.
    model : `torch.nn.Module`
        What is trained; what it has of gradients already counts.
    """
    if not group.updates or all(_is_full(step) for step in group.batches):
        yield from group.batches
        return
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if any(map(is_shared_out, trained)):  # then all have gradients, of zeros here
        yield from group.batches
        return
    # Shape: (num_trained_parameters,)
    used = torch.tensor([parameter.grad is not None for parameter in trained]).int()
    current = group.batches[0]

    def count(place: int, parameter: torch.Tensor) -> None:
        used[place] |= not current.idle

    hooks = [
        parameter.register_post_accumulate_grad_hook(partial(count, place))
        for place, parameter in enumerate(trained)
    ]
    try:
        for current in group.batches:
            yield current
    finally:
        for hook in hooks:
            hook.remove()
    for parameter, num_workers in zip(trained, dist_reduce_sum(used).tolist(), strict=True):
        if num_workers == 0:
            parameter.grad = None


def _is_full(step: Step) -> bool:
    return not is_distributed() or step.num_real == distributed.get_world_size()


def num_batches(data_loader: DataLoader, of: str) -> int | None:
    """
    Return the number of batches of an epoch; of the largest share where workers' shares differ.

    All workers must call this.

    # Parameters

    data_loader : `DataLoader`
        This worker's.
    of : `str`
        What the data is for, as an error says it.

    # Returns

    `int | None`
        `None` for a loader without length.

    Raises `DataError`, on every worker, if one has no batch at all.
    """
    try:
        mine = len(data_loader)
    except TypeError:
        return None
    if not is_distributed():
        return mine
    count = dist_reduce_sum(int(mine > 0))
    if count < distributed.get_world_size():
        raise _too_little(f"{of} ", count)
    return int(dist_reduce(mine, distributed.ReduceOp.MAX))


def as_the_first_worker(value: T) -> T:
    """
    Return the first worker's value on all workers.

    So they decide alike on what follows from it, even if a part of it was not added up over
    workers.
    """
    if not is_distributed():
        return value
    values = [value]
    distributed.broadcast_object_list(values)
    return values[0]


def _too_little(of: str, count: int) -> DataError:
    return DataError(
        f"there are {distributed.get_world_size()} workers, but only {count} got any {of}data: "
        "give at least as many documents as there are workers, or start fewer of them "
        "(`distributed.cuda_devices`, or --nproc-per-node of torchrun)"
    )
