"""Find the data files that a reader is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from allennlp.common.file_utils import cached_path

from spanbert_allen.common.files import find_files


def local_files(file_path: Any, *, suffixes: Sequence[str]) -> Iterator[str | Path]:
    """
    Yield the files to read, as they are needed.

    # Parameters

    file_path : `str | Path | list`
        A file, `.gz` or not; a URL; a folder, whose data files are read in the order of their
        names; or a list of these.
    suffixes : `Sequence[str]`
        How the names of data files of a folder end; `.gz` may follow.
    """
    paths = file_path if isinstance(file_path, (list, tuple)) else [file_path]
    return chain.from_iterable(find_files(_local(path), suffixes=suffixes) for path in paths)


def _local(path: str | Path) -> str | Path:
    """Fetch a URL, or open an archive (`corpus.zip!train.conll`), by AllenNLP's cache."""
    if "://" in str(path) or "!" in str(path):
        return str(cached_path(str(path), extract_archive=True))
    return path
