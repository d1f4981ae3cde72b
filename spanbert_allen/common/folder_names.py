"""Names of what a folder holds, where those that are given for a file's name may be of two."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from spanbert_allen.common.files import default_doc_key, file_stem

Item = TypeVar("Item")

_PLACE = re.compile(r"(:[0-9]+)?(:[0-9]+-[0-9]+)?")
"""What stands behind the name of a file: a line, and two entities of a text."""


class FolderNames:
    """
    Name documents for the place of their file in the folder where its name alone is that of two.

    # Parameters

    folder : `str | Path`
        The folder.
    files : `Sequence[str | Path]`
        All files that are read of it, or that folder itself if it is a file.
    """

    def __init__(self, folder: str | Path, files: Sequence[str | Path]) -> None:
        self._folder = folder
        self._counts = Counter(stem for file in set(files) for stem in _stems(file))

    def key(self, name: str, file: str | Path) -> str:
        """Return the name of a document of a file; one that the file itself gives stays."""
        for stem in _stems(file):
            place = name.removeprefix(stem)
            is_of_file = name.startswith(stem) and _PLACE.fullmatch(place)
            if is_of_file and self._counts[stem] > 1:
                return f"{Path(os.path.relpath(file, self._folder)).as_posix()}{place}"
        return name

    def named(self, item: Item, file: str | Path, *, field: str) -> Item:
        """Return a dataclass that was read from a file, under the name that `key` gives it."""
        old: Any = getattr(item, field)
        new = self.key(old, file)
        return item if new == old else replace(item, **{field: new})  # type: ignore[type-var]


def _stems(file: str | Path) -> set[str]:
    """Return what documents of a file are named for: its name without the last suffix, or all."""
    return {file_stem(file), default_doc_key(file, 0).removesuffix(":0")}
