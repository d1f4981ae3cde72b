"""
Look at pipes before they are read.

A pipe gives its bytes once, but the format of a file must be known before the file is read: so what
was looked at is kept, and read first afterwards.
"""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

STANDARD_STREAM = "-"
"""The path that stands for standard input, or standard output."""

_LOOKED_AT: dict[Hashable, _Pipe] = {}
"""The pipes that were looked at and are not read yet."""


class _Pipe(io.RawIOBase):
    """
    Give the bytes that were looked at, and after them the rest of the stream.

    # Parameters

    rest : `IO[bytes]`
        The stream, closed with this one.
    """

    def __init__(self, rest: IO[bytes]) -> None:
        self._rest = rest
        self._seen = bytearray()
        self._position = 0
        self.is_looked_at = False

    def rewind(self, *, is_looked_at: bool) -> None:
        """Go back to the first byte; while it is only looked at, whatever is read is kept."""
        self._position, self.is_looked_at = 0, is_looked_at

    def readable(self) -> bool:
        """Return `True`, as buffered readers want to know."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one read does it; return how many bytes it took."""
        size = len(buffer)
        chunk = bytes(self._seen[self._position : self._position + size])
        if not chunk:
            read = getattr(self._rest, "read1", self._rest.read)
            chunk = read(size) or b""
            if self.is_looked_at:
                self._seen += chunk
        self._position += len(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Close the stream, too."""
        if not self.closed and self._rest is not getattr(sys.stdin, "buffer", None):
            self._rest.close()
        super().close()


def is_pipe(path: str | Path) -> bool:
    """Return whether the path gives its bytes only once: a pipe, a socket or standard input."""
    if str(path) == STANDARD_STREAM:
        return True
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


@contextmanager
def open_pipe(path: str | Path, *, look_ahead: bool) -> Iterator[IO[bytes]]:
    """
    Open a pipe from its first byte on, also where it was looked at before.

    # Parameters

    path : `str | Path`
        A path of which `is_pipe` is true.
    look_ahead : `bool`
        Whether this only looks: what it reads is there again for whoever opens the pipe next.
    """
    key = _key(path)
    pipe = _LOOKED_AT.pop(key, None) or _Pipe(_opened(path))
    pipe.rewind(is_looked_at=look_ahead)
    file = io.BufferedReader(pipe)
    try:
        yield cast("IO[bytes]", file)
    finally:
        if look_ahead:
            file.detach()
            _LOOKED_AT[key] = pipe
        else:
            file.close()


def _opened(path: str | Path) -> IO[bytes]:
    if str(path) == STANDARD_STREAM:
        return cast("IO[bytes]", sys.stdin.buffer)
    return cast("IO[bytes]", Path(path).open("rb", buffering=0))


def _key(path: str | Path) -> Hashable:
    """Return what tells this pipe from others, also from a later one of the same path."""
    if str(path) == STANDARD_STREAM:
        return STANDARD_STREAM, id(sys.stdin.buffer)  # which the pipe keeps alive
    found = Path(path).stat()
    return str(path), found.st_dev, found.st_ino
