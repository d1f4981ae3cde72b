"""
Read relations from brat.

A file `.ann` has entities (`T1<TAB>Person 0 3<TAB>Ida`) and relations (`R1<TAB>Founded Arg1:T1
Arg2:T2`), beside a file `.txt` of the same name with the text. An entity
in several parts is read from its first to its last character. Other annotations are ignored.
"""

from __future__ import annotations

from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import file_stem, read_lines
from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.formats.brat import StandoffRelation, StandoffText, standoff_relation
from spanbert_allen.formats.relation.annotated_text import AnnotatedText, Entity, Relation


def read_brat(path: str | Path) -> AnnotatedText:
    """
    Read the text of a file of annotations.

    # Parameters

    path : `str | Path`
        The `.ann` file.

    Raises a `DataError` for a line that cannot be read, and without the text.
    """
    text = StandoffText(path)
    entities: dict[str, Entity] = {}
    relations: list[tuple[int, StandoffRelation]] = []
    for number, line in read_lines(path):
        try:
            if line.startswith("T"):
                entity = text.entity(line)
                entities[entity.id] = Entity(*entity.whole, entity.type)
            elif line.startswith("R"):
                relations.append((number, standoff_relation(line)))
        except RecordError as error:
            raise DataError(str(error), path, number) from error
    numbers = {name: number for number, name in enumerate(entities)}
    for number, relation in relations:
        for name in (relation.head, relation.tail):
            if name not in numbers:
                raise DataError(
                    f"there is no entity {shown(name)}; add it to the file", path, number
                )
    return AnnotatedText(
        id=file_stem(path),
        words={"text": text.text},
        entities=list(entities.values()),
        relations=[
            Relation(numbers[one.head], numbers[one.tail], one.label) for _, one in relations
        ],
        place=str(path),
    )
