"""Commands that are told to end: they clean up first, and say so in one line."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


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
        raise SystemExit(143 if isinstance(stop, Terminated) else 130) from None
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
