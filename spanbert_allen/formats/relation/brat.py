"""
Read relations from brat.

A file `.ann` has entities (`T1<TAB>Person 0 3<TAB>Ida`) and relations (`R1<TAB>Founded Arg1:T1
Arg2:T2`), beside a file `.txt` of the same name with the text. An entity
in several parts is read from its first to its last character. Other annotations are ignored.
"""

from __future__ import annotations

import re
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import file_stem, open_text, read_lines
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.relation.annotated_text import AnnotatedText, Entity, Relation

SUFFIX = ".ann"

_ENTITY = re.compile(r"(T\S+)\t(\S+) (\d{1,12} [\d ;]*\d{1,12})(?:\t.*)?")
_RELATION = re.compile(r"R\S+\t(\S+) \S+?:(\S+) \S+?:(\S+)\s*")


def read_brat(path: str | Path) -> AnnotatedText:
    """
    Read the text of a file of annotations.

    # Parameters

    path : `str | Path`
        The `.ann` file.

    Raises a `DataError` for a line that cannot be read, and without the text.
    """
    entities: dict[str, Entity] = {}
    relations: list[tuple[int, re.Match[str]]] = []
    for number, line in read_lines(path):
        if line.startswith("T"):
            found = _ENTITY.fullmatch(line)
            if found is None:
                raise DataError(
                    f"{shown(line)} is no entity; write ID<TAB>Type start end", path, number
                )
            ends = [int(one) for one in re.split("[ ;]", found[3]) if one]
            entities[found[1]] = Entity(min(ends), max(ends), found[2])
        elif line.startswith("R"):
            found = _RELATION.fullmatch(line)
            if found is None:
                raise DataError(
                    f"{shown(line)} is no relation; write ID<TAB>Label Arg1:ID Arg2:ID",
                    path,
                    number,
                )
            relations.append((number, found))
    numbers = {name: number for number, name in enumerate(entities)}
    for number, found in relations:
        for name in found.group(2, 3):
            if name not in numbers:
                raise DataError(
                    f"there is no entity {shown(name)}; add it to the file", path, number
                )
    with open_text(Path(path).with_suffix(".txt")) as file:
        text = file.read().decode("utf-8")
    return AnnotatedText(
        id=file_stem(path),
        words={"text": text},
        entities=list(entities.values()),
        relations=[Relation(numbers[one[2]], numbers[one[3]], one[1]) for _, one in relations],
        place=str(path),
    )
