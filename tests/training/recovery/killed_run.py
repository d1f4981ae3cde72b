"""
Trainings in forks of the test process that are really killed. `kill` says where one is to send
itself SIGKILL:

- `{"function": "module:name", "call": 2, "when": "before"}`: at the second call of a function,
  `before` it or `after` it; with `"fill": path` it does not die there, but a file of that name
  takes all room that the disk has;
- `{"file": "model_state", "save": 2, "bytes": 1000}`: while the second file of that name is being
  written, after so many bytes;
- `{"seconds": 0.3}`: from outside, so long after the training began.

With `"signal": "SIGTERM"` beside these it is that signal, which the child handles as the command
`train` does; with `"swallowed": true` it is sent while a destructor runs, from which no exception
comes through.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

from spanbert_allen.common import console
from tests.forks import exit_status, fork


def import_what_comes_late() -> None:
    """Once, here, for all children."""
    from transformers import MODEL_MAPPING

    import spanbert_allen.plugin  # noqa: F401
    from spanbert_allen.common.text import split_text

    list(MODEL_MAPPING.keys())
    split_text("A pipeline of spaCy.")


def run_in_child(task: dict[str, Any], said: Path) -> int:
    """Return the exit status of one training, negative for a signal."""
    kill = task.get("kill") or {}
    child = fork(train, task, kill, said=said)
    timer = None
    if "seconds" in kill:
        timer = Timer(kill["seconds"], os.kill, (child, _signal(kill)))
        timer.start()
    status = exit_status(child)
    if timer is not None:
        timer.cancel()
    return status


def _signal(kill: dict[str, Any]) -> signal.Signals:
    return signal.Signals[kill.get("signal", "SIGKILL")]


def train(task: dict[str, Any], kill: dict[str, Any]) -> None:
    """What `allennlp train` does, with a place to die at."""
    from allennlp.commands.train import train_model
    from allennlp.common import Params
    from torch import multiprocessing

    if kill.get("signal"):
        console.install_excepthook()  # as the command does
    # Workers are forked too: importing everything again would take each of them ten seconds.
    multiprocessing.spawn = functools.partial(multiprocessing.start_processes, start_method="fork")
    for module in task.get("imports", ()):
        importlib.import_module(module)
    number = _signal(kill)
    if "function" in kill:
        end = functools.partial(Dying if kill.get("swallowed") else die, number)
        if "fill" in kill:
            end = functools.partial(fill_disk, kill["fill"])
        at_function(kill["function"], kill["call"], kill["when"], end)
    if "file" in kill:
        die_while_writing(kill["file"], kill["save"], kill["bytes"], number)
    config = json.loads(json.dumps(task["config"]))  # parts that stand in it twice become two
    train_model(Params(config), task["folder"], recover=task["recover"])


def at_function(place: str, call: int, when: str, end: Callable[[], Any]) -> None:
    """Calls `end` at a call of the function, counted from 1."""
    module_name, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner: Any = functools.reduce(getattr, owners, importlib.import_module(module_name))
    function = getattr(owner, name)
    calls = 0

    @functools.wraps(function)
    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        this_one = calls == call
        if this_one and when == "before":
            end()
        result = function(*args, **kwargs)
        if this_one and when == "after":
            end()
        return result

    setattr(owner, name, deadly)


def die_while_writing(name: str, save: int, num_bytes: int, number: int) -> None:
    """Dies in the midst of a file of tensors, of the `save`th whose name begins so."""
    from spanbert_allen.training.recovery import tensor_files

    keeper = tensor_files._ErrorKeeper
    write = keeper.write
    written: dict[int, int] = {}

    def deadly(self: Any, data: bytes) -> int:
        if Path(self._file.name).name.startswith(name):
            written[id(self)] = written.get(id(self), 0) + len(data)
            if len(written) == save and written[id(self)] > num_bytes:
                write(self, bytes(data)[: num_bytes // 2])
                self._file.flush()
                die(number)
            alive.append(self)  # so that no other gets its id
        return write(self, data)

    alive: list[Any] = []
    keeper.write = deadly  # type: ignore[method-assign]


def fill_disk(ballast: str) -> None:
    """Leaves no room at all."""
    with contextlib.suppress(OSError), Path(ballast).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def die(number: int = signal.SIGKILL) -> None:
    """With SIGKILL at once, without any clean-up."""
    os.kill(os.getpid(), number)


class Dying:
    """Dies as soon as it is made, in its destructor."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        die(self.number)
