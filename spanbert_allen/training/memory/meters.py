"""What measures the peak of memory while a part of a program runs."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol

import torch

from spanbert_allen.training.memory.live_tensors import LiveTensors


class Allocator(Protocol):
    """What `AllocatorPeak` asks torch's allocator of a GPU, in bytes."""

    def start(self) -> int:
        """Let the peak count from here, and return what is held now."""

    def peak(self) -> int:
        """Return the most that was held since `start`."""


class CudaAllocator:
    """
    torch's allocator of a GPU.

    # Parameters

    device : `torch.device`
        The GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def start(self) -> int:
        """Let the peak count from here, and return what is held now."""
        torch.cuda.reset_peak_memory_stats(self._device)
        return int(torch.cuda.memory_allocated(self._device))

    def peak(self) -> int:
        """Return the most that was held since `start`."""
        return int(torch.cuda.max_memory_allocated(self._device))


class AllocatorPeak:
    """
    Measure the peak of a GPU's allocator while this context lasts.

    It holds what operations need inside, too. The peak is looked at when a gradient has been made
    and at the end.

    # Parameters

    allocator : `Allocator`
        What to ask.
    at_peak : `Callable[[], None]`
        Called when a look has found a higher peak than those before.
    """

    def __init__(self, allocator: Allocator, at_peak: Callable[[], None]) -> None:
        self._allocator = allocator
        self._at_peak = at_peak
        self.peak = 0
        """The bytes at the peak beside those held at the beginning."""

    def __enter__(self) -> AllocatorPeak:
        """Begin to measure."""
        self._before = self._allocator.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Look a last time."""
        self.look()

    def look(self) -> None:
        """Take note if the peak has risen."""
        peak = self._allocator.peak() - self._before
        if peak > self.peak:
            self.peak = peak
            self._at_peak()


class CountedTensors(LiveTensors):
    """Count live tensors, as on a CPU, where torch's allocator counts nothing."""

    def look(self) -> None:
        """Do nothing: every operation is looked at as it is made."""


def peak_meter(device: torch.device, at_peak: Callable[[], None]) -> AllocatorPeak | CountedTensors:
    """
    Return what measures the peak on a device.

    # Parameters

    device : `torch.device`
        Where the work is done.
    at_peak : `Callable[[], None]`
        Called whenever there is more than there ever was.
    """
    if device.type == "cuda":
        return AllocatorPeak(CudaAllocator(device), at_peak)
    return CountedTensors(at_peak)
