"""What measurements share: clocks, this process's memory, the machine, a process's answer."""

from __future__ import annotations

import json
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
GB = 1e9
BF16_FLAGS = ("avx512_bf16", "amx_bf16")


def header(columns: Sequence[str]) -> str:
    """Return the first two lines of a table."""
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def answer_of(command: Sequence[str]) -> Any:
    """Return the JSON that a process prints last; its errors are shown, and end this process."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def answer_or_error(
    command: Sequence[str], *, most: int = 90, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the JSON object that a process prints last, or its last words as `error`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["killed"])[-1][:most]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def start_of_peak() -> float:
    """Let the peak of memory count from here; return what this process holds already."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def memory(name: str) -> float:
    """`VmRSS`, what this process holds, or `VmHWM`, the most it held; in GB."""
    for entry in Path("/proc/self/status").read_text().splitlines():
        if entry.startswith(f"{name}:"):
            return int(entry.split()[1]) * 1024 / GB
    raise KeyError(name)


def refuse_memory(share: float) -> None:
    """Out of memory shall be an error in this process, not the end of the machine."""
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    limit = int(share * total)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def describe_machine(threads: int) -> str:
    """Name the processor, and say whether it has instructions for products in bf16."""
    flags = cpu("flags").split()
    has = ", ".join(f"{flag} {'yes' if flag in flags else 'no'}" for flag in BF16_FLAGS)
    return f"{cpu('model name')}, {threads} threads; {has}"


def has_bf16() -> bool:
    return any(flag in cpu("flags").split() for flag in BF16_FLAGS)


def cpu(fact: str) -> str:
    for entry in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = entry.partition(":")
        if name.strip() == fact:
            return value.strip()
    return ""
