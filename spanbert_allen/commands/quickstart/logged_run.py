"""A program run as a child: everything it says goes to a log file."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, NoReturn

# On a machine that has other work too, threads that wait actively take the time of those that could
# go on: training is five times slower then. On an idle machine this costs little.
_WAITING = {"OMP_WAIT_POLICY": "passive"}


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    on_output: Callable[[str], None] = lambda _: None,
) -> int:
    """
    Runs a program to its end.

    # Parameters

    command : `Sequence[str]`
        The program and its arguments.
    log : `Path`
        The file that what it writes, on both streams, is appended to.
    on_output : `Callable[[str], None]`, optional
        Called with each line, or state of a progress bar, as it comes.

    # Returns

    `int`
        Its exit status. If this process is interrupted or told to end (SIGTERM), the child is ended
        first. To be called in the main thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {shlex.join(command)}\n")
        file.flush()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_WAITING | os.environ | {"PYTHONUNBUFFERED": "1"},
        ) as child:
            assert child.stdout is not None
            previous = signal.signal(signal.SIGTERM, _exit)
            try:
                for line in _lines(child.stdout):
                    file.write(f"{line}\n")
                    on_output(line)
            except BaseException:
                child.terminate()
                raise
            finally:
                signal.signal(signal.SIGTERM, previous)
        file.write(f"exit status {child.returncode}\n\n")
    return child.returncode


def last_words(log: Path) -> str:
    """The last error that a log tells of, or else its last line."""
    lines = log.read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line.strip() and not line.startswith("exit status ")]
    errors = [line for line in said if line.startswith("error: ")]
    return (errors or said or [""])[-1]


def sibling_program(name: str) -> list[str]:
    """A program of the environment that this Python belongs to, the way the user would call it."""
    beside = Path(sys.executable).with_name(name)
    if not beside.exists():
        return [sys.executable, "-m", name]
    on_path = [Path(folder) / name for folder in os.get_exec_path()]
    found = next((path for path in on_path if path.exists()), None)
    if found is not None and found.samefile(beside):
        return [name]
    try:
        return [str(beside.relative_to(Path.cwd()))]
    except ValueError:
        return [str(beside)]


def _exit(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Lines as they come; the carriage return of a progress bar ends one too."""
    pending = b""
    while chunk := os.read(stream.fileno(), 65536):
        *lines, pending = (pending + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line.strip():
                yield line.decode("utf-8", "replace")
    if pending.strip():
        yield pending.decode("utf-8", "replace")
