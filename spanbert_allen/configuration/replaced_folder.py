"""
Keep what `train --force` replaces until the training that replaces it has begun.

AllenNLP empties the folder before it reads any data or builds a model, so that a start that fails,
for a mistyped path, say, would cost the model that was there.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allennlp.commands.train import TrainModel

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.repairs.early_recovery import is_only_begun


def install() -> None:
    """Let every training remove what it replaces when it begins."""
    TrainModel.run = _forgetting(TrainModel.run)


def check_replaceable(folder: Path) -> None:
    """Raise `ConfigError` if what is to be removed is the place that its path begins in."""
    if not folder.is_absolute() and Path.cwd().is_relative_to(folder.resolve()):
        raise ConfigError(
            f"--force would remove the folder that this command runs in ({folder.resolve()}), with "
            "all that is in it: run the command in another folder"
        )


@contextmanager
def kept_until_begun(folder: Path, *, is_dry_run: bool) -> Iterator[bool]:
    """
    Put what a folder holds aside while the block runs, and back if no training begins in it.

    # Parameters

    folder : `Path`
        The folder of a training, or a link to it, which need not exist.
    is_dry_run : `bool`
        Whether no training is to begin.

    # Returns

    `bool`
        Whether the folder is empty now; one that the process stands in, say, is left as it is.
    """
    folder = folder.resolve()
    is_emptied = _put_aside(folder)
    try:
        yield is_emptied
    except BaseException:
        _put_back(folder)
        raise
    if is_dry_run:
        _put_back(folder)
    else:
        _forget(folder)  # a training of another class than AllenNLP's may not have done it


def undo_killed_start(folder: Path) -> bool:
    """
    Put back what a start was to replace that was killed before its training began.

    # Parameters

    folder : `Path`
        As for `kept_until_begun`; no training may be running in it.

    # Returns

    `bool`
        Whether there was such a start.
    """
    folder = folder.resolve()
    was_killed = _aside(folder).is_dir() and (not folder.is_dir() or is_only_begun(folder))
    if was_killed:
        _put_back(folder)
    return was_killed


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.replaced")


def _put_aside(folder: Path) -> bool:
    if not undo_killed_start(folder):
        _forget(folder)
    if not folder.is_dir() or Path.cwd().is_relative_to(folder):
        return False
    try:
        folder.rename(_aside(folder))
    except OSError:  # such as of a place where a disk is mounted
        return False
    folder.mkdir()  # there may be a link to it
    return True


def _put_back(folder: Path) -> None:
    if _aside(folder).is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        _aside(folder).rename(folder)


def _forget(folder: Path) -> None:
    shutil.rmtree(_aside(folder), ignore_errors=True)


def _forgetting(run: Any) -> Any:
    @functools.wraps(run)
    def running(self: Any) -> Any:
        _forget(Path(self.serialization_dir).resolve())
        return run(self)

    return running
