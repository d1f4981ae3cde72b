"""
Trainings in processes that are really killed. This program imports everything once, then forks a
child for each training it is asked for, a line of JSON each on standard input: `config`, `folder`,
`recover` and perhaps `kill`, which says where the child is to send itself SIGKILL:

- `{"function": "module:name", "call": 2, "when": "before"}`: at the second call of a function,
  `before` it or `after` it; with `"fill": path` it does not die there, but a file of that name
  takes all room that the disk has;
- `{"file": "model_state", "save": 2, "bytes": 1000}`: while the second file of that name is being
  written, after so many bytes;
- `{"seconds": 0.3}`: from outside, so long after the training began.

With `"signal": "SIGTERM"` beside these it is that signal, which the child handles as the command
`train` does; with `"swallowed": true` it is sent while a destructor runs, from which no exception
comes through.

The answer is a line with the child's exit status, negative for a signal.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

from spanbert_allen.common import console


def main() -> None:
    """Serve until standard input ends."""
    import spanbert_allen.plugin  # noqa: F401

    import_what_comes_late()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(f"{run_in_child(json.loads(line))}\n")
        sys.stdout.flush()


def import_what_comes_late() -> None:
    """Once, here, for all children."""
    from transformers import MODEL_MAPPING

    list(MODEL_MAPPING.keys())


def run_in_child(task: dict[str, Any]) -> int:
    """The exit status of one training."""
    kill = task.get("kill") or {}
    number = signal.Signals[kill.get("signal", "SIGKILL")]
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # Answers go to standard output; logs must not.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            if kill.get("signal"):
                console.install_excepthook()  # as the command does
            train(task, kill)
            status = 0
        except SystemExit as error:
            status = int(error.code or 0)
        except BaseException:
            traceback.print_exc()
        os._exit(status)
    timer = Timer(kill["seconds"], os.kill, (child, number)) if "seconds" in kill else None
    if timer is not None:
        timer.start()
    _, status = os.waitpid(child, 0)
    if timer is not None:
        timer.cancel()
    return os.waitstatus_to_exitcode(status)


def train(task: dict[str, Any], kill: dict[str, Any]) -> None:
    """What `allennlp train` does, with a place to die at."""
    from allennlp.commands.train import train_model
    from allennlp.common import Params
    from torch import multiprocessing

    # Workers are forked too: importing everything again would take each of them ten seconds.
    multiprocessing.spawn = functools.partial(multiprocessing.start_processes, start_method="fork")
    for module in task.get("imports", ()):
        importlib.import_module(module)
    number = signal.Signals[kill.get("signal", "SIGKILL")]
    if "function" in kill:
        end = functools.partial(Dying if kill.get("swallowed") else die, number)
        if "fill" in kill:
            end = functools.partial(fill_disk, kill["fill"])
        at_function(kill["function"], kill["call"], kill["when"], end)
    if "file" in kill:
        die_while_writing(kill["file"], kill["save"], kill["bytes"], number)
    train_model(Params(task["config"]), task["folder"], recover=task["recover"])


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


if __name__ == "__main__":
    main()
