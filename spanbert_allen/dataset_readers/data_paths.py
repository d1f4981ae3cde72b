"""Find the data files that a reader is given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allennlp.common.file_utils import cached_path

from spanbert_allen.common.files import find_files
from spanbert_allen.common.folder_names import FolderNames


def local_files(file_path: Any, *, suffixes: Sequence[str]) -> tuple[list[str | Path], FolderNames]:
    """
    Return the files that are to be read, and what tells names of their documents apart.

    # Parameters

    file_path : `str | Path | list`
        A file, `.gz` or not; a URL; a folder, whose data files are read in the order of their
        names; or a list of these.
    suffixes : `Sequence[str]`
        How the names of data files of a folder end; `.gz` may follow.

    # Returns

    `list[str | Path]`
        The files, in their order.
    `FolderNames`
        Names for documents by the places of their files: in the folder that is read, or in the one
        that holds all of a list.
    """
    given = file_path if isinstance(file_path, (list, tuple)) else [file_path]
    paths = [_local(path) for path in given]
    files = [file for path in paths for file in find_files(path, suffixes=suffixes)]
    parents = [str(Path(path).absolute().parent) for path in paths]
    is_one = len(paths) == 1
    folder = paths[0] if is_one else os.path.commonpath(parents or ["."])
    return files, FolderNames(folder, files)


def _local(path: str | Path) -> str | Path:
    """Fetch a URL, or open an archive (`corpus.zip!train.conll`), by AllenNLP's cache."""
    if "://" in str(path) or ("!" in str(path) and not Path(path).exists()):
        return str(cached_path(str(path), extract_archive=True))
    return path
