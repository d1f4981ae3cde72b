"""What a part measures with: a device, sizes, a clock, peaks of memory and rows of results."""

from __future__ import annotations

import statistics
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gpu_parts.sizes import Sizes

GB = 1e9


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One measured number.

    # Parameters

    case : `str`
        What was measured.
    unit : `str`
        Of the value.
    value : `float`, optional (default = `None`)
        `None` if it failed.
    precision : `str`, optional (default = `"fp32"`)
        Of the matrix products.
    peak_gb : `float`, optional (default = `None`)
        The most that torch's allocator held; `None` on a CPU.
    note : `str`, optional (default = `""`)
        What else there is to say; the error, if it failed.
    """

    case: str
    unit: str
    value: float | None = None
    precision: str = "fp32"
    peak_gb: float | None = None
    note: str = ""


class Bench:
    """
    Measure what a part asks for, and record it at once.

    A case that fails becomes a row with its error, and the part goes on. Rows are recorded as they
    are made, so that a part which is stopped has not been in vain.

    # Parameters

    sizes : `Sizes`
        How large everything is.
    device : `str`
        torch's name of the device.
    folder : `Path`
        For files that parts need.
    record : `Callable[[dict[str, Any]], None]`
        Takes each row.
    """

    def __init__(
        self, sizes: Sizes, device: str, folder: Path, record: Callable[[dict[str, Any]], None]
    ) -> None:
        self.sizes = sizes
        self.folder = folder
        self._device_name = device
        self._record = record
        self._kept: tuple[str, Any] = ("", None)

    @cached_property
    def device(self) -> Any:
        """Return the device, which the first use of it initialises."""
        import torch

        return torch.device(self._device_name)

    @property
    def is_cuda(self) -> bool:
        return self._device_name.startswith("cuda")

    def kept(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what was made last if it is asked for again, else make it and forget the other."""
        if self._kept[0] != key:
            self._kept = ("", None)
            self._kept = (key, make())
        return self._kept[1]

    def add(self, row: Row) -> None:
        """Record a row."""
        self._record(asdict(row))

    def timed(
        self,
        case: str,
        make: Callable[[], Callable[[], Any]],
        *,
        precision: str = "fp32",
        amount: float | None = None,
        unit: str = "ms",
    ) -> float | None:
        """
        Time what `make` returns; return the median in seconds, or `None` if it failed.

        # Parameters

        case : `str`
            What is measured.
        make : `Callable[[], Callable[[], Any]]`
            Prepares it, untimed.
        precision : `str`, optional (default = `"fp32"`)
            For the row.
        amount : `float`, optional (default = `None`)
            How many of `unit` a second are to be told; without it, milliseconds are.
        unit : `str`, optional (default = `"ms"`)
            For the row.
        """
        self.start()
        try:
            seconds = self._median(make())
        except Exception as error:
            self.failed(case, unit, error, precision=precision)
            return None
        value = 1000 * seconds if amount is None else amount / seconds
        self.add(
            Row(case=case, unit=unit, value=value, precision=precision, peak_gb=self.peak_gb())
        )
        return seconds

    def failed(self, case: str, unit: str, error: Exception, *, precision: str = "fp32") -> None:
        """Record a case that failed."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:200]
        note = f"{type(error).__name__}: {said} ({Path(frame.filename).name}, line {frame.lineno})"
        self.add(Row(case=case, unit=unit, precision=precision, note=note))

    def start(self) -> None:
        """Give back unused memory, and let the peak count from here."""
        if self.is_cuda:
            import torch

            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak_gb(self) -> float | None:
        """Return the most that the allocator held since `start`."""
        if not self.is_cuda:
            return None
        import torch

        return torch.cuda.max_memory_allocated() / GB

    def wait(self) -> None:
        """Wait until the device has done everything."""
        if self.is_cuda:
            import torch

            torch.cuda.synchronize()

    def _median(self, work: Callable[[], Any]) -> float:
        for _ in range(self.sizes.warm_up):
            work()
        self.wait()
        began, times = time.perf_counter(), []
        while len(times) < self.sizes.repeats:
            times.append(self._seconds(work))
            if time.perf_counter() - began > self.sizes.most_seconds:
                break
        return statistics.median(times)

    def _seconds(self, work: Callable[[], Any]) -> float:
        """Time one call; on CUDA from an empty queue to the end of the last kernel."""
        if not self.is_cuda:
            began = time.perf_counter()
            work()
            return time.perf_counter() - began
        import torch

        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1000
