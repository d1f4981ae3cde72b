"""Parts as processes: each has its own time limit, and one that fails does not stop the others."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

READY = "ready to measure\n"
"""What a process of a part says when its imports are done."""
START_SECONDS = 60.0
"""The seconds that these may take, beside four times the part's limit."""


@dataclass(frozen=True)
class Part:
    """
    A part of the check.

    # Parameters

    name : `str`
        Its name.
    function : `str`
        What measures it, as `module:function`; it takes a `Bench`.
    limit : `float`
        The seconds that it may take once its process has imported everything.
    """

    name: str
    function: str
    limit: float


@dataclass
class Outcome:
    """
    What became of a part.

    # Parameters

    name : `str`
        The part's.
    rows : `list[dict[str, Any]]`
        What it recorded, also before it failed.
    seconds : `float`
        How long it ran.
    problem : `str`, optional (default = `""`)
        Why it did not come to its end.
    """

    name: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    problem: str = ""


class PartProcess:
    """
    The process of a part, which imports at once and measures when it is told to.

    # Parameters

    part : `Part`
        The part.
    command : `Sequence[str]`
        What runs it; the file for its rows is the last argument.
    folder : `Path`
        For that file and for what it says.
    """

    def __init__(self, part: Part, command: Sequence[str], folder: Path) -> None:
        self.part = part
        self.rows = folder / f"{part.name}.jsonl"
        self._log = folder / f"{part.name}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*command, str(self.rows)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
            )

    def measure(self, left: float) -> Outcome:
        """Let the part run, within its limit and what is left of all parts' time."""
        began = time.monotonic()
        outcome = Outcome(self.part.name)
        try:
            if not self._is_ready(min(left, START_SECONDS + 4 * self.part.limit)):
                outcome.problem = self._problem("did not start")
                return outcome
            ready = time.monotonic()
            limit = max(0.0, min(self.part.limit, left - (ready - began)))
            began = ready
            _stream(self._process.stdin).write("go\n")
            _stream(self._process.stdin).flush()
            status = self._process.wait(timeout=limit)
            if status:
                outcome.problem = self._problem(f"ended with status {status}")
        except subprocess.TimeoutExpired:
            outcome.problem = f"stopped after its limit of {limit:.0f} s"
        except BrokenPipeError:
            outcome.problem = self._problem("ended at its start")
        finally:
            self.end()
            outcome.seconds = time.monotonic() - began
            outcome.rows = recorded(self.rows)
        return outcome

    def end(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                _stream(stream).close()
            except BrokenPipeError:
                continue

    def _is_ready(self, seconds: float) -> bool:
        """Wait until it has imported everything."""
        stdout, said = _stream(self._process.stdout).fileno(), b""
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, until - time.monotonic())):
                new = os.read(stdout, 1 << 16)
                said += new
                if READY.encode() in said or not new:
                    return bool(new)
        return False

    def _problem(self, said: str) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"{said}: {lines[-1][:200]}" if lines else said


def recorded(rows: Path) -> list[dict[str, Any]]:
    """Return the rows of a file; a process that was killed may leave the beginning of another."""
    if not rows.exists():
        return []
    lines = rows.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def run_parts(
    parts: Sequence[Part],
    command: Callable[[Part], Sequence[str]],
    folder: Path,
    *,
    seconds: float,
    ahead: int,
) -> Iterator[Outcome]:
    """
    Run parts one after the other; yield what became of each.

    # Parameters

    parts : `Sequence[Part]`
        The most important first.
    command : `Callable[[Part], Sequence[str]]`
        Returns what runs a part.
    folder : `Path`
        For their files.
    seconds : `float`
        The time of all of them together; those that it does not reach are not begun.
    ahead : `int`
        How many parts import while one measures; 0 where there are few processor cores.
    """
    until = time.monotonic() + seconds
    waiting, begun = deque(parts), deque[PartProcess]()
    try:
        while waiting or begun:
            while waiting and len(begun) <= ahead:
                part = waiting.popleft()
                begun.append(PartProcess(part, command(part), folder))
            process = begun.popleft()
            left = until - time.monotonic()
            if left > 0:
                yield process.measure(left)
            else:
                process.end()
                yield Outcome(process.part.name, problem="not begun: no time was left")
    finally:
        for process in begun:
            process.end()


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
