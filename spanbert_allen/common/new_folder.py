"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.outputs import told_of_full_disk
from spanbert_allen.common.paths import refuse_empty_path


def checked_new_folder(folder: str | Path) -> Path:
    """Return the path of a folder to be made; raise `DataError` if it is there and not empty."""
    refuse_empty_path(folder, "what is to be written", "name a new folder")
    path = Path(folder).absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError("is there already; name a new folder", path)
    return path


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """
    Make a folder, which takes its name only when the block ends without an error.

    # Parameters

    folder : `Path`
        What `checked_new_folder` returned.

    # Returns

    `Path`
        The folder to write into until then.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        with told_of_full_disk(folder, "nothing of the folder was kept"):
            yield part
        part.chmod(0o755)  # a temporary folder is its owner's only
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
