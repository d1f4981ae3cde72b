"""Find the data files that a reader is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from allennlp.common.file_utils import cached_path

from spanbert_allen.common.files import find_files


def local_folders(
    file_path: Any, *, suffixes: Sequence[str]
) -> Iterator[tuple[str | Path, list[str | Path]]]:
    """
    Yield each folder, or single file, of what is to be read, and its files, as they are needed.

    # Parameters

    file_path : `str | Path | list`
        A file, `.gz` or not; a URL; a folder, whose data files are read in the order of their
        names; or a list of these.
    suffixes : `Sequence[str]`
        How the names of data files of a folder end; `.gz` may follow.
    """
    for path in file_path if isinstance(file_path, (list, tuple)) else [file_path]:
        folder = _local(path)
        yield folder, find_files(folder, suffixes=suffixes)


def _local(path: str | Path) -> str | Path:
    """Fetch a URL, or open an archive (`corpus.zip!train.conll`), by AllenNLP's cache."""
    if "://" in str(path) or "!" in str(path):
        return str(cached_path(str(path), extract_archive=True))
    return path
