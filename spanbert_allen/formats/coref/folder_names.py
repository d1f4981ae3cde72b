"""Names of the documents of a folder, where those that are named for their files may share one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spanbert_allen.common.files import default_doc_key, file_stem
from spanbert_allen.formats.coref.document import CorefDocument

_LINE = re.compile(r":[0-9]+")


class FolderNames:
    """
    Name documents for the place of their file in the folder where its name alone is that of two.

    # Parameters

    folder : `str | Path`
        The folder.
    files : `Sequence[str | Path]`
        All files in it, or that folder itself if it is a file.
    """

    def __init__(self, folder: str | Path, files: Sequence[str | Path]) -> None:
        self._folder = folder
        self._counts = Counter(stem for file in files for stem in _stems(file))

    def key(self, doc_key: str, file: str | Path) -> str:
        """Return the name of a document of a file; one that the file itself gives stays."""
        for stem in _stems(file):
            line = doc_key.removeprefix(stem)
            is_of_file = doc_key.startswith(stem) and (not line or _LINE.fullmatch(line))
            if is_of_file and self._counts[stem] > 1:
                return f"{Path(file).relative_to(self._folder).as_posix()}{line}"
        return doc_key

    def named(self, document: CorefDocument, file: str | Path) -> CorefDocument:
        """Return a document of a file under the name that `key` gives it."""
        key = self.key(document.doc_key, file)
        return document if key == document.doc_key else replace(document, doc_key=key)


def _stems(file: str | Path) -> set[str]:
    """Return what documents of a file are named for: its name without the last suffix, or all."""
    return {file_stem(file), default_doc_key(file, 0).removesuffix(":0")}
