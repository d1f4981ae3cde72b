"""Write files that stand on the disk whole, or not at all, whenever their writer is killed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spanbert_allen.common.outputs import told_of_full_disk

_KEPT = "what is complete stays, and the same command goes on from there"


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """
    Write a file beside its place, and give it its name when all of it is on the disk.

    # Parameters

    path : `Path`
        The file; one of that name is replaced.
    chunks : `Iterable[bytes]`
        Its content, which may be computed while it is written.

    Raises a `DataError` where the disk is full, as always without leaving a part behind.
    """
    # The name says whose it is: processes of several machines may write into one folder.
    beside = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.part")
    try:
        with told_of_full_disk(path, _KEPT):
            with beside.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            _keep_name(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a value as a JSON file, as `write_whole` does."""
    write_whole(path, [(json.dumps(value, indent=1) + "\n").encode("ascii")])


def remove_parts(path: Path) -> None:
    """Remove what killed processes left beside a file; a process that still writes it fails."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """Put a folder's new names on the disk, where the system can."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(number)
    finally:
        os.close(number)
