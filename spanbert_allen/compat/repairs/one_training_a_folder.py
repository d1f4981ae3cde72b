"""
A folder takes one training at a time.

**Cause.** `allennlp train` does not look whether another process is training in its folder: a
second `--recover`, or `--force`, writes between the files of the first.

**Repair.** A training locks its folder until it ends. While the lock is held, `train` refuses the
folder, before it changes anything in it. Of the workers that torchrun starts, the first has the
lock.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from allennlp.commands import train
from allennlp.common import Params
from allennlp.training import util as training_util

from spanbert_allen.common.folder_lock import FolderLock, refuse_locked
from spanbert_allen.common.torchrun import is_first_worker
from spanbert_allen.compat.replacing import replace_function

_create: Callable[..., Any]
_train_model: Callable[..., Any]
_locks: dict[Path, FolderLock | None] = {}
"""The folders that this process trains in; without a lock until they have been made."""


def needed() -> bool:
    return True


def apply() -> None:
    global _create, _train_model
    _create, _train_model = training_util.create_serialization_dir, train.train_model
    replace_function(_create, create_serialization_dir)
    replace_function(_train_model, functools.wraps(_train_model)(train_model))


def train_model(
    params: Params, serialization_dir: str | os.PathLike[str], *args: Any, **kwargs: Any
) -> Any:
    if not is_first_worker(os.environ):
        return _train_model(params, serialization_dir, *args, **kwargs)
    folder = Path(serialization_dir).resolve()
    refuse_locked(folder)  # before `--force` empties it
    _locks[folder] = None
    try:
        return _train_model(params, serialization_dir, *args, **kwargs)
    finally:
        lock = _locks.pop(folder, None)
        if lock is not None:
            lock.release()


def create_serialization_dir(
    params: Params, serialization_dir: str | os.PathLike[str], *args: Any, **kwargs: Any
) -> None:
    _create(params, serialization_dir, *args, **kwargs)
    folder = Path(serialization_dir).resolve()
    if folder in _locks:
        _locks[folder] = FolderLock(folder)
