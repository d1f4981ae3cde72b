"""
Functions in forks of the test process: processes of their own, to be killed or to be many, that
need not import AllenNLP first, which takes each new process more than ten seconds.

A fork has one thread only, and a lock that another held stays locked in it. The tests compute on
one thread, and the thread of pytest-xdist holds nothing but its own pipe.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from pytest_socket import enable_socket

from tests.places import ROOT


def fork(function: Callable[..., object], *arguments: object, said: Path) -> int:
    """Begin to run a function in a fork, whose error output is added to a file; return its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12, of forks with threads
        child = os.fork()
    if child == 0:
        status = 1
        try:
            status = _status_of(function, arguments, said)
        finally:  # whatever happens, the fork never goes on as a second pytest
            os._exit(status)
    return child


def exit_status(child: int) -> int:
    """Wait for a fork and return its exit status, which is negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _status_of(function: Callable[..., object], arguments: tuple[object, ...], said: Path) -> int:
    """Run the function as a program of its own would."""
    try:
        gc.freeze()  # what was there before is not looked through again, which would copy it
        os.chdir(ROOT)
        enable_socket()
        logging.getLogger().handlers.clear()
        for place, path in ((1, os.devnull), (2, said)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), place)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  pytest's own go elsewhere
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        function(*arguments)
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)  # noqa: T201  as Python does
            return 1
        return error.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
