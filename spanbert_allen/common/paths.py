"""Checks of the paths that users name, before anything is read."""

from __future__ import annotations

import os
from pathlib import Path

from spanbert_allen.common.errors import ConfigError, DataError


def refuse_empty_path(path: object, of: str, cure: str) -> None:
    """
    Raise `ConfigError` for an empty path, which would stand for the current folder.

    # Parameters

    path : `object`
        The path, as the user gave it.
    of : `str`
        What it is the path of, as in `the data`.
    cure : `str`
        What to do.
    """
    if not str(path):
        raise ConfigError(
            f"the path of {of} is empty, as a variable of the shell is that was not set: {cure}"
        )


def check_archive(archive: str | Path) -> None:
    """Raise an error if an archive is not there, or is a folder, as that of its training."""
    refuse_empty_path(archive, "the archive", "name a model.tar.gz")
    if not Path(archive).exists():
        raise DataError("no such file; give a model.tar.gz", archive)
    if Path(archive).is_dir():
        raise DataError("is a folder where an archive is needed: name a model.tar.gz", archive)


def check_place(path: str | Path) -> None:
    """Raise `DataError` if no file of that path can be made, folders that are missing included."""
    folder = next(one for one in Path(path).absolute().parents if one.exists())
    if not folder.is_dir():
        raise DataError(f"{folder} is a file where a folder is needed: name another place", path)
    if not os.access(folder, os.W_OK):
        raise DataError(f"the folder {folder} may not be written into; name another", path)
