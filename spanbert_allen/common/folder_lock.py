"""A lock on a folder that one process writes into."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from spanbert_allen.common.errors import ConfigError

try:
    import fcntl
except ImportError:  # no such locks on Windows: there a folder is not locked
    fcntl = None  # type: ignore[assignment]

FILE_NAME = ".training.lock"


class FolderLock:
    """
    Lock a folder for this process, by a file in it that the process holds a lock on.

    The system gives the lock back when its owner ends, however it ends, so no lock is left behind.
    The file names its owner for other processes' messages.

    # Parameters

    folder : `Path`
        It exists.

    # Errors

    `ConfigError` if another process holds the lock.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file: IO[str] | None = None
        while self._file is None and fcntl is not None:
            self._file = self._locked()

    def release(self) -> None:
        """Give the folder free and remove the file."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)  # while it is locked: nobody else takes this one
            self._file.close()
            self._file = None

    def _locked(self) -> IO[str] | None:
        """Return the file, locked; `None` if its owner removed it meanwhile."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            # Of the process, and not of the open file: processes that load data do not inherit it.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            with file:
                file.seek(0)
                owner = file.read().strip() or "a process"
            raise ConfigError(
                f"{self._path.parent}: another training ({owner}) is writing into this folder: "
                "wait until it ends, end it, or name another folder with -s"
            ) from error
        except OSError:  # a file system without locks
            return file
        with suppress(FileNotFoundError):
            if os.fstat(file.fileno()).st_ino == self._path.stat().st_ino:
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
                file.flush()
                return file
        file.close()
        return None


def refuse_locked(folder: Path) -> None:
    """
    Check that no other process has locked a folder, which need not exist.

    # Errors

    `ConfigError` if one has.
    """
    if (folder / FILE_NAME).is_file():
        FolderLock(folder).release()


def is_locked(folder: Path) -> bool:
    """Tell whether another process has locked a folder, which need not exist."""
    try:
        refuse_locked(folder)
    except ConfigError:
        return True
    return False
