"""Coreference results in brat's standoff format: a .txt and a .ann file a document."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import ending_of, replace_file, target_in_folder
from spanbert_allen.common.outputs import told_of_full_disk
from spanbert_allen.results.escaping import encodable
from spanbert_allen.results.kinds import name_of
from spanbert_allen.results.marked_text import mentions_of

CONFIGURATION = """\
[entities]
Mention
[relations]
Coreference Arg1:Mention, Arg2:Mention, <REL-TYPE>:symmetric-transitive
[events]
[attributes]
"""
"""`annotation.conf` of a folder, with which brat shows it."""

_LINE = re.compile(r"[^\s](?:[^\r\n]*[^\s])?")
"""A line without the blanks at its ends, which brat takes for a mistake."""
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
_LONGEST_STEM = 60
"""In characters, of four bytes at most: a file's name may have 255 bytes."""


class BratFolder:
    """
    Write each result as two files named for its document.

    # Parameters

    folder : `Path`
        The folder, which exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()

    def add(self, result: Mapping[str, Any]) -> None:
        """Write the files of a result; an error record has none."""
        if "error" in result:
            return
        path = self._folder / self._name(name_of(result))
        _write(path.with_name(path.name + ".txt"), encodable(result["text"]))
        _write(path.with_name(path.name + ".ann"), standoff(result))

    def _name(self, doc_key: str) -> str:
        """Return a name for a document's files that no other has, whatever the case of letters."""
        stem = _NO_FILE_NAME.sub("_", doc_key).lstrip(".")[:_LONGEST_STEM] or "document"
        name, number = stem, 1
        while name.lower() in self._names:
            number += 1
            name = f"{stem}-{number}"
        self._names.add(name.lower())
        return name


class BratPair:
    """
    Write one result.

    # Parameters

    path : `str | Path`
        That of the .ann file, which `.gz` packs; the text's ends in .txt, and is never packed.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._result: Mapping[str, Any] | None = None

    def add(self, result: Mapping[str, Any]) -> None:
        """Keep the result; an error record is passed over."""
        if "error" in result:
            return
        if self._result is not None:
            raise DataError(
                "the second document comes here, and a .ann file is for one; name a folder, "
                "as in `out/`",
                self._path,
            )
        self._result = result

    def close(self) -> None:
        """
        Write the files, if there was a result.

        A text that is there already stays, as the user's own: `DataError` if it is another one.
        """
        if self._result is None:
            return
        text, beside = encodable(self._result["text"]), self._beside()
        if not beside.exists():
            with replace_file(beside) as file:
                file.write(text)
        elif not _holds(beside, text):
            raise DataError(
                f"the text of the annotations would replace {beside.name}, which is there and "
                "holds another one: name another file",
                self._path,
            )
        with replace_file(self._path) as file:
            file.write(standoff(self._result))

    def _beside(self) -> Path:
        """Return the path of the text."""
        return Path(str(self._path).removesuffix(".gz")).with_suffix(".txt")


@contextmanager
def brat_files(path: str | Path) -> Iterator[BratPair | BratFolder]:
    """
    Open what takes results; files appear when the block ends without an error.

    # Parameters

    path : `str | Path`
        A name in .ann for one document, else a folder, new or empty.
    """
    if ending_of(path) == ".ann":
        pair = BratPair(path)
        yield pair
        pair.close()
        return
    with _folder(path) as folder:
        yield folder


@contextmanager
def _folder(path: str | Path) -> Iterator[BratFolder]:
    """Make a folder that takes its name only when the block ends without an error."""
    target = target_in_folder(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError("something is here already; name a new or an empty folder", path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.mkdir()
    try:
        with told_of_full_disk(path):
            _write(part / "annotation.conf", CONFIGURATION)
            yield BratFolder(part)
        part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def standoff(result: Mapping[str, Any]) -> str:
    """
    Return the .ann file of a result.

    It has an entity `Mention` for each mention, in pieces where it runs over lines, and an
    equivalence `Coreference` for each chain of two or more.
    """
    clusters = result["clusters"]
    lines = []
    names: list[list[str]] = [[] for _ in clusters]
    for number, mention in enumerate(mentions_of(clusters), start=1):
        names[mention.chain].append(f"T{number}")
        text = result["text"][mention.start : mention.end]
        pieces = list(_LINE.finditer(text))
        spans = ";".join(
            f"{mention.start + piece.start()} {mention.start + piece.end()}" for piece in pieces
        )
        shown = encodable(" ".join(piece[0] for piece in pieces)).replace("\t", " ")
        lines.append(f"T{number}\tMention {spans}\t{shown}\n")
    lines += [f"*\tCoreference {' '.join(chain)}\n" for chain in names if len(chain) > 1]
    return "".join(lines)


def _holds(path: Path, text: str) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read(len(text) + 1) == text
    except (OSError, UnicodeDecodeError):
        return False


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
