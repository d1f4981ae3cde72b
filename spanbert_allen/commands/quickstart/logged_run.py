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

# Threads that wait in a loop take processor time from those that could work: with other work on the
# machine, training is then five times slower. On an idle machine, waiting passively costs little.
_WAITING = {"OMP_WAIT_POLICY": "passive"}


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    on_output: Callable[[str], None] = lambda _: None,
) -> int:
    """
    Run a program to its end. Call this in the main thread, as it handles a signal.

    # Parameters

    command : `Sequence[str]`
        The program and its arguments.
    log : `Path`
        The file to which both of its output streams are appended.
    on_output : `Callable[[str], None]`, optional
        Called with each line, or state of a progress bar, as it comes.

    # Returns

    `int`
        Its exit status. If this process is interrupted or terminated (SIGTERM), it ends the child
        first.
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
    """Return the last error in a log, or its last line where there is no error."""
    lines = log.read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line.strip() and not line.startswith("exit status ")]
    errors = [line for line in said if line.startswith("error: ")]
    return (errors or said or [""])[-1]


def sibling_program(name: str) -> list[str]:
    """Return the command of a program in this Python's environment, as a user would type it."""
    beside = Path(sys.executable).with_name(name)
    if not beside.exists():
        return [sys.executable, "-m", name.replace("-", "_")]
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
    """Yield lines as they come; the carriage return of a progress bar ends one too."""
    pending = b""
    while chunk := os.read(stream.fileno(), 65536):
        *lines, pending = (pending + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line.strip():
                yield line.decode("utf-8", "replace")
    if pending.strip():
        yield pending.decode("utf-8", "replace")
