"""Batches that are read and copied to a GPU while it computes."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy
import torch
from allennlp.data import TensorDict
from torch import Tensor


class Copies(Protocol):
    """What brings batches to a device."""

    def begin(self, batch: TensorDict) -> Any:
        """Begin to copy a batch, without waiting for it."""

    def end(self, begun: Any) -> TensorDict:
        """Return a batch whose copy has begun, for the work that is queued from now on."""


class CopiesToCuda:
    """
    Copy batches through pinned memory, on a stream of their own.

    # Parameters

    device : `torch.device`
        The GPU.
    """

    class _Begun(NamedTuple):
        pinned: TensorDict  # which must live until the copy is done
        batch: TensorDict
        done: torch.cuda.Event

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)

    def begin(self, batch: TensorDict) -> CopiesToCuda._Begun:
        """Begin to copy a batch."""
        pinned = map_tensors(batch, Tensor.pin_memory)
        with torch.cuda.stream(self._stream):
            copied = map_tensors(pinned, lambda one: one.to(self._device, non_blocking=True))
            done = self._stream.record_event()
        return self._Begun(pinned, copied, done)

    def end(self, begun: CopiesToCuda._Begun) -> TensorDict:
        """Let the current stream wait for the copy, and return the batch."""
        current = torch.cuda.current_stream(self._device)
        current.wait_event(begun.done)

        def used(tensor: Tensor) -> Tensor:
            # Its memory was allocated for the other stream, which does not know of this use.
            tensor.record_stream(current)
            return tensor

        return map_tensors(begun.batch, used)


class DeviceBatches(Iterator[TensorDict]):
    """
    Yield the batches of a loader on a device, the next ones read and copied ahead.

    Reading ahead has random numbers of its own: those of Python and NumPy, from where they stand
    when this object is made. So the numbers that training draws, and that a checkpoint keeps, do
    not depend on how far ahead it has read. At the end of the epoch they go on from the reader's,
    as if nothing had been read ahead. torch's generators are common to both, as readers leave them
    alone.

    # Parameters

    batches : `Iterator[TensorDict]`
        The batches of the rest of an epoch, on the CPU.
    copies : `Copies`
        Brings them to the device.
    """

    def __init__(self, batches: Iterator[TensorDict], copies: Copies) -> None:
        self._batches = batches
        self._copies = copies
        self._ahead: deque[Any] = deque()
        self._is_over = False
        self._numbers = _numbers()

    def prepare(self) -> None:
        """Read one more batch and begin its copy; to be called while the device has work."""
        if self._is_over:
            return
        with self._own_numbers():
            batch = next(self._batches, None)
        if batch is None:
            self._is_over = True
        else:
            self._ahead.append(self._copies.begin(batch))

    def __next__(self) -> TensorDict:
        if not self._ahead:
            self.prepare()
        if not self._ahead:
            _set_numbers(self._numbers)
            raise StopIteration
        return self._copies.end(self._ahead.popleft())

    @contextmanager
    def _own_numbers(self) -> Iterator[None]:
        outside = _numbers()
        _set_numbers(self._numbers)
        try:
            yield
        finally:
            self._numbers = _numbers()
            _set_numbers(outside)


def map_tensors(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """
    Return a copy of a batch with a function applied to each of its tensors.

    # Parameters

    value : `Any`
        A batch, or a part of one. What is neither tensor, dictionary, list nor tuple stays as it
        is.
    function : `Callable[[Tensor], Tensor]`
        What to apply.
    """
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, dict):
        return {key: map_tensors(one, function) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        made = [map_tensors(one, function) for one in value]
        if isinstance(value, list):
            return made
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value


def _numbers() -> tuple[Any, Any]:
    return random.getstate(), numpy.random.get_state(legacy=True)  # noqa: NPY002  readers may use it


def _set_numbers(state: tuple[Any, Any]) -> None:
    random.setstate(state[0])
    numpy.random.set_state(state[1])  # noqa: NPY002
