"""
SIGTERM and Ctrl-C end a training with one line, always.

**Cause.** AllenNLP turns SIGTERM into an exception, as Python does Ctrl-C. Raised at a moment when
a destructor or a library's `except Exception` is on the stack, it is swallowed and the training
goes on. If not, it ends in a traceback, and with several workers these are waited for.

**Repair.** Within the command `train`, a signal whose exception has not come through after a few
seconds raises it again. At the end, processes that load data or train are ended too, files that
were being written are removed, and one line names `--recover`. A program that calls `train_model`
handles its signals itself.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from allennlp.commands import train
from allennlp.common import Params
from allennlp.common.util import SigTermReceived

from spanbert_allen.common import console
from spanbert_allen.common.parts import remove_parts
from spanbert_allen.common.torchrun import is_first_worker
from spanbert_allen.compat.replacing import replace_function

_AGAIN_AFTER = 5.0  # seconds: more than the callbacks at the end of a training take
_PATIENCE = 5.0  # seconds to wait for processes that were told to end
_NAMES = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}

_train_model: Callable[..., Any]
_run: Callable[..., Any]
_active: list[EndingSignals] = []
"""Those of the running training, if there is one."""


def needed() -> bool:
    return hasattr(signal, "setitimer")  # not on Windows


def apply() -> None:
    global _train_model, _run
    _train_model, _run = train.train_model, train.TrainModel.run
    replace_function(_train_model, functools.wraps(_train_model)(train_model))
    train.TrainModel.run = functools.wraps(_run)(run)


def train_model(
    params: Params, serialization_dir: str | os.PathLike[str], *args: Any, **kwargs: Any
) -> Any:
    if not console.is_installed():
        return _train_model(params, serialization_dir, *args, **kwargs)
    signals = EndingSignals()
    _active.append(signals)
    try:
        return _train_model(params, serialization_dir, *args, **kwargs)
    except BaseException:  # a library may have made another error of the signal's
        kind = signals.received
        if kind is None:
            raise
        signals.ignore()
        _end_children()
        if is_first_worker(os.environ):  # which alone writes
            remove_parts(Path(serialization_dir))
            sys.stderr.write(
                f"training was ended by {_NAMES[kind]}: go on with the same command and --recover\n"
            )
        raise SystemExit(128 + kind) from None  # the status that shells give
    finally:
        signals.seen()
        _active.remove(signals)


def run(self: Any) -> Any:
    try:
        return _run(self)
    except BaseException:
        for signals in _active:
            signals.seen()  # what follows, an archive of the best weights, may take its time
        raise


class EndingSignals:
    """
    Raise an exception for SIGTERM and Ctrl-C, again and again until `seen` is called.

    `received` is the latest signal.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self.received: signal.Signals | None = None
        for kind in _NAMES:
            if signal.getsignal(kind) is not signal.SIG_IGN:  # as of jobs in the background
                signal.signal(kind, self._received)
        signal.signal(signal.SIGALRM, self._again)

    def seen(self) -> None:
        """Stop repeating the exception."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def ignore(self) -> None:
        """Let the process end undisturbed."""
        self.seen()
        for kind in _NAMES:
            signal.signal(kind, signal.SIG_IGN)

    def _received(self, number: int, frame: FrameType | None) -> NoReturn:
        if os.getpid() != self._process:  # a process that loads data: it has nothing to finish
            os._exit(128 + number)
        self.received = signal.Signals(number)
        self._again(number, frame)

    def _again(self, number: int, frame: FrameType | None) -> NoReturn:
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_AFTER)
        if self.received == signal.SIGTERM:
            raise SigTermReceived
        raise KeyboardInterrupt


def _end_children() -> None:
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    for child in children:
        child.join(_PATIENCE)
        if child.is_alive():
            child.kill()
