"""Claims: which process does which job, told by locks that end with their process."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # no such locks on Windows: there a job may be done twice, with one result
    fcntl = None  # type: ignore[assignment]


class Claim:
    """
    Hold a job for this process until it is released or the process ends, however it ends.

    On a file system without locks two processes may do the same job; as both write the same bytes,
    and each of them whole, that costs time only.

    # Parameters

    path : `Path`
        The file that is locked; it names its owner.
    file : `IO[str]`
        This file, open and locked.
    """

    def __init__(self, path: Path, file: IO[str]) -> None:
        self._path = path
        self._file = file

    def release(self, *, is_settled: bool) -> None:
        """Let others take the job; if it is settled, there is nothing to take any more."""
        if is_settled:
            self._path.unlink(missing_ok=True)
        self._file.close()


def take(path: Path) -> Claim | None:
    """
    Claim a job.

    # Parameters

    path : `Path`
        The file that stands for it. A job may have been settled just before: look again after this.

    # Returns

    `Claim | None`
        `None` if another process has it.
    """
    file = path.open("a+", encoding="utf-8")
    if not _lock(file):
        file.close()
        return None
    file.truncate(0)
    file.write(owner_of_this_process())
    file.flush()
    return Claim(path, file)


def is_claimed(path: Path) -> bool:
    """Tell whether a process holds a job now."""
    try:
        file = path.open("a+" if os.name == "nt" else "r", encoding="utf-8")
    except FileNotFoundError:
        return False
    with file:
        return not _lock(file)


def was_claimed_by(path: Path, owner: str) -> bool:
    """Tell whether a process was the last to claim a job that is not settled."""
    try:
        return path.read_text(encoding="utf-8") == owner
    except FileNotFoundError:
        return False


def owner_of_this_process() -> str:
    """Return what this process writes into its claims."""
    return owner_of(os.getpid())


def owner_of(process: int) -> str:
    """Return what a process of this machine writes into its claims."""
    return f"process {process} on {socket.gethostname()}\n"


def _lock(file: IO[str]) -> bool:
    """Lock an open file, or return `False` if another process has."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system without locks
            pass
    return True
