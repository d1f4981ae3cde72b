"""Where a training step's time goes: kernels and their share, synchronisations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from gpu_parts import tasks
from gpu_parts.bench import Bench, Row

LONGEST = 10
BUSY = "kernels busy"
SYNCHRONISATIONS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")


def run(bench: Bench) -> None:
    """Profile updates of coreference and of question answering, in bf16."""
    words = bench.sizes.words[-2]
    for name in bench.sizes.profiled:
        if name == "qa":
            examine(bench, name, partial(tasks.qa, bench))
        else:
            make = partial(tasks.coref, bench, name, words)
            examine(bench, f"coref, {name}, {words} words", make)


def examine(bench: Bench, case: str, make: Callable[[], tasks.Task]) -> None:
    """Time steps without the profiler, whose work would count, and then look at some with it."""
    try:
        task = make()
        step = tasks.update(bench, task.model, task.batch, "bf16")
        seconds = bench.timed(f"{case}, step", lambda: step, precision="bf16")
        if seconds is None:
            return
        steps = min(3, bench.sizes.repeats)
        record(bench, case, events_of(step, bench, steps), seconds, steps)
    except Exception as error:
        bench.failed(case, BUSY, error, precision="bf16")


def events_of(step: Callable[[], Any], bench: Bench, steps: int) -> list[Any]:
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * bench.is_cuda
    with profile(activities=activities) as profiler:
        for _ in range(steps):
            step()
        bench.wait()
    return list(profiler.events())


def record(bench: Bench, case: str, events: list[Any], seconds: float, steps: int) -> None:
    """Record the profile of some steps that take so many seconds each without a profiler."""
    kernels = kernel_times(events, is_cuda=bench.is_cuda)
    share = 100 * sum(kernels.values()) / 1e6 / steps / seconds
    bench.add(Row(case=case, unit=f"% of the step, {BUSY}", value=share, precision="bf16"))
    waits = sum(event.name in SYNCHRONISATIONS for event in events) / steps
    bench.add(Row(case=case, unit="synchronisations a step", value=waits, precision="bf16"))
    for name, microseconds in kernels.most_common(LONGEST):
        bench.add(
            Row(
                case=f"{case}: {name[:80]}",
                unit="ms a step",
                value=microseconds / 1000 / steps,
                precision="bf16",
            )
        )


def kernel_times(events: Iterable[Any], *, is_cuda: bool) -> Counter[str]:
    """Add up the microseconds of each kernel; on a CPU those of torch's own operations."""
    times: Counter[str] = Counter()
    for event in events:
        if not is_cuda:
            times[event.name] += event.self_cpu_time_total
        elif event.device_type == DeviceType.CUDA and not _is_no_kernel(event):
            times[event.name] += event.time_range.elapsed_us()
    return times


def _is_no_kernel(event: Any) -> bool:
    """Tell whether an event of the device is a copy, or the shadow of a range of the program."""
    if getattr(event, "is_user_annotation", False):
        return True
    return event.name.startswith(("Memcpy", "Memset", "Optimizer.", "ProfilerStep"))
