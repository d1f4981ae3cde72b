"""
Keep what `train --force` replaces until the training that replaces it has begun.

AllenNLP empties the folder before it reads any data or builds a model, so that a start that fails,
for a mistyped path, say, would cost the model that was there.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from allennlp.commands.train import TrainModel

from spanbert_allen.compat.repairs.early_recovery import is_only_begun


def install() -> None:
    """Let every training remove what it replaces when it begins."""
    TrainModel.run = _forgetting(TrainModel.run)


@contextmanager
def kept_until_begun(folder: Path) -> Iterator[None]:
    """
    Put a folder aside while the block runs, and back if it fails before a training has begun.

    Nothing is done for a folder that cannot be moved: a link, or one that the process stands in.

    # Parameters

    folder : `Path`
        The folder of a training, which need not exist.
    """
    folder = folder.absolute()
    _put_aside(folder)
    try:
        yield
    except BaseException:
        if _aside(folder).is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            _aside(folder).rename(folder)
        raise
    shutil.rmtree(_aside(folder), ignore_errors=True)  # a dry run does not begin


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.replaced")


def _put_aside(folder: Path) -> None:
    if folder.is_symlink() or Path.cwd().is_relative_to(folder.resolve()):
        return
    if _aside(folder).is_dir():  # of a start that was killed
        if not folder.is_dir() or is_only_begun(folder):
            return
        shutil.rmtree(_aside(folder))
    if folder.is_dir():
        with suppress(OSError):  # such as of a place where a disk is mounted
            folder.rename(_aside(folder))


def _forgetting(run: Any) -> Any:
    @functools.wraps(run)
    def running(self: Any) -> Any:
        folder = Path(self.serialization_dir).absolute()
        shutil.rmtree(_aside(folder), ignore_errors=True)
        return run(self)

    return running
