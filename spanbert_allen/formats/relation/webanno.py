"""
Read relations from WebAnno TSV 3, the format that INCEpTION and WebAnno export.

The last column of a relation layer, `BT_...`, names the layer of its entities. A cell of that
column says where a relation comes from: `1-3` in the row of token `1-1` is a relation from the
entity at `1-3`, the subject, to the one at `1-1`, the object; `1-3[4_2]` gives the numbers of both,
0 for the only one of its row.

The label is the value of the layer's feature, or the layer's name where there is none; so is the
type of an entity. Of several features, that which is called `value`, `label`, `type` or as the
layer counts, or else the first. An entity over a part of a token has the whole token. Syntactic
dependencies and other layers are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import file_stem
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.relation.annotated_text import AnnotatedText, Entity, Relation
from spanbert_allen.formats.webanno import Layer, Row, WebannoText, parts_of, read_tsv, values_of

_REFERENCE = re.compile(r"([0-9]+-[0-9]+(?:\.[0-9]+)?)(?:\[([0-9]+)_([0-9]+)\])?")
_BASE = "BT_"
_SLOT = "ROLE_"
_SYNTAX = ".dependency.Dependency"
_NAMES = ("value", "label", "type")

Key = tuple[str, str | int]
"""What finds an entity: its layer, and its number or, for the only one of a row, the row's unit."""


def read_webanno(path: str | Path) -> AnnotatedText:
    """
    Read the text of a file.

    # Parameters

    path : `str | Path`
        As for `read_lines`.

    Raises a `DataError` for a file without relations, and for a row that cannot be read.
    """
    text = read_tsv(path)
    layers = [one for one in text.layers if one.kind == "RL" and not one.name.endswith(_SYNTAX)]
    if not layers:
        raise DataError(
            "the file has no layer of relations (`#T_RL=`); export it with its relation layer", path
        )
    bases = {_base(layer) for layer in layers}
    entities = _entities(text, [one for one in text.layers if one.name in bases])
    numbers = {key: number for number, key in enumerate(entities)}
    return AnnotatedText(
        id=file_stem(path),
        words={"tokens": [word for sentence in text.sentences for word in sentence]},
        entities=list(entities.values()),
        relations=[
            relation
            for row in text.rows
            for layer in layers
            for relation in _relations(row, layer, numbers, path)
        ],
        sentence_ids=[number for number, one in enumerate(text.sentences) for _ in one],
        place=str(path),
    )


def _base(layer: Layer) -> str:
    return layer.features[-1].removeprefix(_BASE)


def _entities(text: WebannoText, layers: Sequence[Layer]) -> dict[Key, Entity]:
    """Return the entities in the order of their first words."""
    entities: dict[Key, Entity] = {}
    columns = [layer.first + _naming(layer, layer.features) for layer in layers]
    for row in text.rows:
        for layer, column in zip(layers, columns, strict=True):
            for value in values_of(row.cells[column]):
                key = (layer.name, value.id or row.unit)
                start = entities[key].start if key in entities else row.word
                entities[key] = Entity(start, row.word, value.text or layer.short_name)
    return entities


def _relations(
    row: Row, layer: Layer, numbers: Mapping[Key, int], path: str | Path
) -> Iterator[Relation]:
    """Yield the relations of a layer that lead to the entities of a row."""
    features = layer.features[:-1]
    sources = parts_of(row.cells[layer.first + len(features)])
    labels = [""] * len(sources)
    if features:
        labels = [one.text for one in values_of(row.cells[layer.first + _naming(layer, features)])]
    if len(labels) != len(sources):
        raise DataError(
            f"the row has {len(labels)} labels of {layer.short_name}, but {len(sources)} relations "
            "of it; export the file again",
            path,
            row.line,
        )
    for label, source in zip(labels, sources, strict=True):
        found = _REFERENCE.fullmatch(source)
        if found is None:
            raise DataError(
                f"{shown(source)} is no place that a relation comes from, as `1-3` or `1-3[4_2]` "
                "is; export the file again",
                path,
                row.line,
            )
        ends: list[int] = []
        for unit, number in ((found[1], found[2]), (row.unit, found[3])):
            key = (_base(layer), int(number or 0) or unit)
            if key not in numbers:
                raise DataError(
                    f"a relation of {layer.short_name} needs an annotation of {_base(layer)} at "
                    f"{unit}, which is not there; export the file with this layer",
                    path,
                    row.line,
                )
            ends.append(numbers[key])
        yield Relation(ends[0], ends[1], label or layer.short_name)


def _naming(layer: Layer, features: Sequence[str]) -> int:
    """Return which of the features says the type of an annotation."""
    plain = [
        place
        for place, name in enumerate(features)
        if not name.startswith(_SLOT) and not features[max(place - 1, 0)].startswith(_SLOT)
    ]
    wanted = (*_NAMES, layer.short_name.lower())
    named = (place for place in plain if features[place].lower() in wanted)
    return next(named, plain[0] if plain else 0)
