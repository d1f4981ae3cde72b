"""The memory that a device has left for this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch


def available_memory(device: torch.device) -> int | None:
    """
    Return the bytes that this process can still get on a device.

    # Parameters

    device : `torch.device`
        For the CPU the least of what the machine has, what its container (Linux's control groups,
        version 1 or 2) may use, and what `ulimit` leaves to the process.

    # Returns

    `int | None`
        `None` where the system does not say.
    """
    if device.type == "cuda":
        # What torch holds without using it is free, too.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    left = [*_left_on_machine(), *_left_in_container(Path("/")), *_left_to_process()]
    return max(0, min(left)) if left else None


class HeldMemory(NamedTuple):
    """The bytes of a GPU that torch's allocator holds in this process."""

    most_used: int
    """The most that tensors took at once."""
    unused: int
    """What it holds now beside all tensors, in pieces too small for what was asked."""
    total: int
    """What the GPU has."""


def held_memory(device: torch.device) -> HeldMemory | None:
    """
    Return what torch's allocator holds on a device; `None` on a CPU, where it counts nothing.

    # Parameters

    device : `torch.device`
        The device.
    """
    if device.type != "cuda":
        return None
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return HeldMemory(
        most_used=int(torch.cuda.max_memory_allocated(device)),
        unused=int(unused),
        total=int(torch.cuda.mem_get_info(device)[1]),
    )


def _left_on_machine() -> Iterator[int]:
    available = _sizes(Path("/proc/meminfo")).get("MemAvailable")
    if available is not None:
        yield available


def _left_in_container(root: Path) -> Iterator[int]:
    """
    Yield what is left by each group that the process is in.

    What lies above a container cannot be seen from inside.
    """
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", maxsplit=2)
        if controllers == "memory":
            top = root / "sys/fs/cgroup/memory"
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        elif not controllers:
            top = root / "sys/fs/cgroup"
            names = "memory.max", "memory.current", "inactive_file"
        else:
            continue
        inner = Path(group.strip("/"))
        for folder in (top / inner, *(top / parent for parent in inner.parents)):
            yield from _left_in_group(folder, *names)


def _left_in_group(folder: Path, limit: str, usage: str, cache: str) -> Iterator[int]:
    try:
        left = int((folder / limit).read_text()) - int((folder / usage).read_text())
    except (OSError, ValueError):  # not there, or "max"
        return
    # Files that were read count as usage, but give way.
    for line in _lines(folder / "memory.stat"):
        name, _, size = line.partition(" ")
        if name == cache:
            left += int(size)
    yield left


def _left_to_process() -> Iterator[int]:
    used = _sizes(Path("/proc/self/status"))
    for line in _lines(Path("/proc/self/limits")):
        for name, usage in (("Max address space", "VmSize"), ("Max data size", "VmData")):
            limit = line.removeprefix(name).split()
            if line.startswith(name) and limit[0] != "unlimited" and usage in used:
                yield int(limit[0]) - used[usage]


def _sizes(path: Path) -> dict[str, int]:
    """Read the lines `name: number kB` of one of Linux's files, in bytes."""
    sizes = {}
    for line in _lines(path):
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            sizes[name] = int(value.split()[0]) * 1024
    return sizes


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
