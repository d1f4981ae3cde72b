"""A process that is killed at a chosen access to files: truly, or as far as a test sees."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

_OF_PATHS = ("open", "mkdir", "replace", "unlink")


class Killed(BaseException):
    """What a process that is killed would not live to see."""


@contextmanager
def accesses_to(folder: Path, access: Callable[[], None]) -> Iterator[None]:
    """Call a function before each opening, making, renaming or removing in a folder, and fsync."""

    def seen(function):
        def call(path, *arguments, **options):
            if not isinstance(path, Path) or folder in path.parents or folder == path:
                access()
            return function(path, *arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patched:
        for name in _OF_PATHS:
            patched.setattr(Path, name, seen(getattr(Path, name)))
        patched.setattr(os, "fsync", seen(os.fsync))
        yield


@contextmanager
def dead_from(number: int, folder: Path, die: Callable[[], None] | None = None) -> Iterator[None]:
    """Do nothing from the access of a number on, counted from 1: not even clean up."""
    seen = 0

    def access() -> None:
        nonlocal seen
        seen += 1
        if seen >= number:
            (die or give_up)()

    with accesses_to(folder, access):
        yield


def give_up() -> NoReturn:
    """Raise `Killed`."""
    raise Killed


def kill_this_process() -> None:
    """Send SIGKILL to the process that calls it."""
    os.kill(os.getpid(), signal.SIGKILL)
