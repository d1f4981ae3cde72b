"""Files that a process leaves behind when it is killed while it writes."""

from __future__ import annotations

import shutil
from pathlib import Path

PART = ".part"
"""The ending of a file that takes its name when it is whole."""
_PATTERNS = (f"*.th{PART}", f"*.tar.gz{PART}", f".*{PART}")
_FOLDER_PATTERN = ".encoder-*"


def remove_parts(folder: str | Path) -> None:
    """
    Remove the unfinished files of a training that was killed.

    They are those of `save_tensors`, `replace_file`, the archive and the encoder's files.

    # Parameters

    folder : `str | Path`
        The folder of the training; other files and its subfolders are left alone.
    """
    for pattern in _PATTERNS:
        for part in Path(folder).glob(pattern):
            part.unlink(missing_ok=True)
    for part in Path(folder).glob(_FOLDER_PATTERN):
        shutil.rmtree(part, ignore_errors=True)
