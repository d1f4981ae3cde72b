"""The batches of a run, which can go on from where they were stopped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from allennlp.data import DataLoader, TensorDict
from allennlp.data.data_loaders import MultiProcessDataLoader, SimpleDataLoader

from spanbert_allen.training.batches.device_batches import Copies, CopiesToCuda, DeviceBatches
from spanbert_allen.training.batches.sampler import ResumableSampler
from spanbert_allen.training.recovery.random_state import random_state, set_random_state


class ResumableBatches:
    """
    Read the batches of a data loader, epoch by epoch, from any place in the run.

    An epoch begins again as it did the first time: a `ResumableSampler`, or a loader that has
    `begin_epoch`, is told its number, and random numbers go on from where they were. That suffices
    for AllenNLP's loaders, whose shuffling keeps nothing from one epoch to the next (that of
    `simple` is kept from it). With `batches_per_epoch` it does, and then all batches of the run are
    read again.

    Readers that draw random numbers while training goes on (`max_instances_in_memory`) are read
    again likewise, which is exact as long as the model draws from other generators: torch's, which
    readers leave alone. One loading process (`num_workers`) is as good as none; several bring their
    batches as each is ready, in an order that nothing can repeat.

    For a GPU, batches are copied here and not by the loader, so that the next ones can be read and
    copied while the GPU computes: see `prepare`. A loader that reads its data while training goes
    on then does so in one process of its own, unless it has several.

    # Parameters

    data_loader : `DataLoader`
        Any.
    device : `torch.device`, optional (default = `None`)
        The device of the model; with `None`, batches stay where the loader brings them.
    """

    def __init__(self, data_loader: DataLoader, device: torch.device | None = None) -> None:
        self._data_loader = data_loader
        self._copies = None if device is None else copies_to(device)
        self._current: DeviceBatches | None = None
        if self._copies is not None:
            data_loader.set_target_device(torch.device("cpu"))
            read_in_a_process(data_loader)
        self._state: dict[str, Any] = {}
        self.latest_dropped: TensorDict | None = None
        """The last batch that `epoch` has read and dropped, if it has."""

    def epoch(self, number: int, skip: int = 0) -> Iterator[TensorDict]:
        """
        Begin an epoch.

        # Parameters

        number : `int`
            From 0.
        skip : `int`, optional (default = `0`)
            So many batches have been done: they are read and dropped. Only after
            `load_state_dict`; random numbers then stand where the epoch began, so the caller puts
            them to where the run was.

        # Returns

        `Iterator[TensorDict]`
            The batches after those.
        """
        self.latest_dropped = None
        if self._keeps_place_between_epochs:
            return self._whole_run(number, skip)
        self._begin("epoch_start", again=skip > 0)
        sampler = getattr(self._data_loader, "batch_sampler", None)
        if isinstance(sampler, ResumableSampler):
            sampler.load_state_dict({"epochs_begun": number})
        begin_epoch = getattr(self._data_loader, "begin_epoch", None)
        if begin_epoch is not None:
            begin_epoch(number)
        if isinstance(self._data_loader, SimpleDataLoader):
            return self._after(skip, _in_first_order(self._data_loader))
        return self._after(skip, iter(self._data_loader))

    def prepare(self) -> None:
        """
        Read one more batch and begin its copy, if batches are copied here.

        To be called when work for the device has been queued and before anything waits for it.
        """
        if self._current is not None:
            self._current.prepare()

    def state_dict(self) -> dict[str, Any]:
        """Return the state for `load_state_dict`: random states."""
        return dict(self._state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the state that another run's batches had."""
        self._state = dict(state)
        self._resumed = True

    _resumed = False

    @property
    def _keeps_place_between_epochs(self) -> bool:
        return getattr(self._data_loader, "batches_per_epoch", None) is not None

    def _begin(self, name: str, *, again: bool) -> None:
        if again:
            set_random_state(self._state[name])
        else:
            self._state[name] = random_state()

    def _whole_run(self, number: int, skip: int) -> Iterator[TensorDict]:
        if self._resumed and number + skip > 0:
            before = random_state()
            set_random_state(self._state["run_start"])
            for _ in range(number):
                for _ in self._data_loader:
                    pass
            batches = self._after(skip, iter(self._data_loader))
            set_random_state(before)
        else:
            if number == 0:
                self._state["run_start"] = random_state()
            batches = self._after(0, iter(self._data_loader))
        self._resumed = False
        return batches

    def _after(self, count: int, batches: Iterator[TensorDict]) -> Iterator[TensorDict]:
        for dropped in islice(batches, count):
            self.latest_dropped = dropped
        if self._copies is None:
            return batches
        if self.latest_dropped is not None:
            self.latest_dropped = self._copies.end(self._copies.begin(self.latest_dropped))
        self._current = DeviceBatches(batches, self._copies)
        return self._current


def _in_first_order(data_loader: SimpleDataLoader) -> Iterator[TensorDict]:
    """Yield the batches of a loader that shuffles its instances in place, and undo that."""
    instances = data_loader.instances
    data_loader.instances = list(instances)
    try:
        yield from data_loader
    finally:
        data_loader.instances = instances


def copies_to(device: torch.device) -> Copies | None:
    """Return what copies batches to a device; `None` for the CPU, where they are already."""
    return CopiesToCuda(device) if device.type == "cuda" else None


def read_in_a_process(data_loader: DataLoader) -> None:
    """
    Let AllenNLP's loader read in one process of its own if it reads while training goes on.

    One process brings the same batches in every run with one seed. A loader that holds its
    instances in memory makes batches of them where it is, whatever its `num_workers`.

    # Parameters

    data_loader : `DataLoader`
        Any. Nothing happens unless it is AllenNLP's `multiprocess`, with `max_instances_in_memory`
        and without `num_workers`.
    """
    if not isinstance(data_loader, MultiProcessDataLoader) or data_loader.num_workers:
        return
    most = data_loader.max_instances_in_memory
    if most is None:
        return
    sampler = data_loader.batch_sampler
    size = data_loader.batch_size if sampler is None else sampler.get_batch_size()
    data_loader.num_workers = 1
    data_loader._max_instance_queue_size = 2 * most
    data_loader._max_batch_queue_size = max(1, 2 * most // (size or 1))
