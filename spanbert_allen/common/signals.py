"""Commands that are told to end: they clean up first, and say so in one line."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_OF_STOPPED = {128 + number: number for number in (signal.SIGINT, signal.SIGTERM)}


class Terminated(KeyboardInterrupt):
    """What SIGTERM raises: to whoever cleans up, the same as Ctrl-C."""


@contextmanager
def one_line_when_stopped(command: str) -> Iterator[None]:
    """
    Let SIGTERM and Ctrl-C end a command that writes its files whole or not at all.

    # Parameters

    command : `str`
        Its name, for the line on standard error. The exit status is 130 after Ctrl-C, 143 after
        SIGTERM, as a shell says it.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if is_main else None
    try:
        yield
    except KeyboardInterrupt as stop:
        sys.stderr.write(f"{command} was stopped: what it was writing is as it was before\n")
        number = signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT
        raise SystemExit(128 + number) from None
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def with_signals_told(status: int) -> int:
    """
    Return a status of `subprocess.Popen.poll`, negative for every command that a signal ended.

    Those that cleaned up first, see `one_line_when_stopped`, exit with a status above 128.
    """
    return -_OF_STOPPED[status] if status in _OF_STOPPED else status


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
