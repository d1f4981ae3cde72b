"""What brat's standoff files hold for every task: entities on a text, and relations of them."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import open_bytes, whole_text
from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.common.spans import CharSpan

SUFFIX = ".ann"

_MARK = BOM_UTF8.decode("utf-8")
_PART = "[0-9]{1,12} [0-9]{1,12}"
_ENTITY = re.compile(rf"(T\S+)\t(\S+) ({_PART}(?:;{_PART})*)(?:\t([^\t]*).*)?")
_RELATION = re.compile(r"R\S+\t(\S+) \S+?:(\S+) \S+?:(\S+)\s*")


class StandoffEntity(NamedTuple):
    """
    Hold an entity.

    # Parameters

    id, type : `str`
        Its name in the file, and its type.
    parts : `Sequence[CharSpan]`
        Its characters, in the order of the file.
    """

    id: str
    type: str
    parts: Sequence[CharSpan]

    @property
    def whole(self) -> CharSpan:
        """Return the characters from its first to its last one."""
        return _whole(self.parts)


class StandoffRelation(NamedTuple):
    """
    Hold a relation.

    # Parameters

    label : `str`
        Its label.
    head, tail : `str`
        The names of its two arguments.
    """

    label: str
    head: str
    tail: str


class StandoffText:
    """
    Hold the text that a file annotates.

    brat counts a byte order mark as the first character; here the text is without it, and entities
    are moved to where they stand in that.

    # Parameters

    path : `str | Path`
        The `.ann` file; the text is beside it.

    Raises a `DataError` for a text that is not there or cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        beside = Path(str(path).removesuffix(".gz")).with_suffix(".txt")
        if not beside.is_file():
            raise DataError(
                f"the text that it annotates, {beside.name}, must stand beside it", path
            )
        self.text = whole_text(beside)
        self._name = beside.name
        self._entities: set[str] = set()
        with open_bytes(beside) as file:
            self._num_before = int(file.read(len(BOM_UTF8)) == BOM_UTF8)

    def entity(self, line: str) -> StandoffEntity:
        """Return a line's entity; raise a `RecordError` if the text or its name is another's."""
        match = _ENTITY.fullmatch(line)
        if match is None:
            raise RecordError(f"{shown(line)} is no entity: T1<TAB>Name 0 3<TAB>text")
        name, type_, places, quoted = match.groups()
        given = [CharSpan(*map(int, part.split())) for part in places.split(";")]
        parts = [CharSpan(*(max(0, one - self._num_before) for one in part)) for part in given]
        (start, end), found = _whole(given), _whole(parts)
        if not found.start < found.end <= len(self.text):
            length = len(self.text) + self._num_before
            raise RecordError(f"{name} is characters {start} to {end} of a text of {length}")
        covered = " ".join(self.text[slice(*part)] for part in parts)
        if quoted and _without_blanks(quoted) != _without_blanks(covered):
            raise RecordError(
                f"{name} is {shown(quoted)} here, but characters {start} to {end} of {self._name} "
                f"are {shown(covered)}; give the text that was annotated, byte for byte"
            )
        if name in self._entities:
            raise RecordError(f"{name} is the name of another entity, too; give each its own")
        self._entities.add(name)
        return StandoffEntity(name, type_, parts)


def standoff_relation(line: str) -> StandoffRelation:
    """Return the relation of a line; raise a `RecordError` for one that holds none."""
    match = _RELATION.fullmatch(line)
    if match is None:
        raise RecordError(f"{shown(line)} is no relation: R1<TAB>Name Arg1:T1 Arg2:T2")
    return StandoffRelation(*match.groups())


def is_standoff(path: str | Path) -> bool:
    """Return whether a file is one of annotations, by its name."""
    return str(path).removesuffix(".gz").endswith(SUFFIX)


def _whole(parts: Sequence[CharSpan]) -> CharSpan:
    return CharSpan(min(part.start for part in parts), max(part.end for part in parts))


def _without_blanks(text: str) -> str:
    """Return what is compared: programs write line ends and blanks between parts differently."""
    return "".join(text.split()).replace(_MARK, "")
