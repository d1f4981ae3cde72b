"""
Read texts with entities and relations from JSON objects of other programs.

The keys of an object tell whose it is:

- doccano's lines: `text`, `entities` with `id`, `start_offset`, `end_offset` (outside) and `label`,
  `relations` with `from_id`, `to_id` and `type`;
- SpERT's array: `tokens`, `entities` with `type`, `start`, `end` (outside), and `relations` with
  `type`, `head` and `tail`, the numbers of entities;
- DyGIE's lines (SciERC's): `doc_key`, `sentences`, and by sentence `ner` with `[first, last, type]`
  and `relations` with `[first, last, first, last, label]`, words of the document, the last inside;
- Label Studio's array: tasks with `data` and `annotations`, of which the first one is read that was
  not cancelled. Labelled regions and relations count; choices, ratings and the like do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spanbert_allen.common.record_checks import (
    RecordError,
    is_list,
    is_whole,
    list_of_words,
    record_id,
    shown,
)
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.formats.label_studio import place_in_text
from spanbert_allen.formats.relation.annotated_text import (
    AnnotatedText,
    Entity,
    Relation,
    number_of,
    numbered,
)

Parse = Callable[[Mapping[str, Any], str, str], AnnotatedText]
"""Make the text of an object; the name of one that gives none, and its place, come second."""


def annotation_parser(record: object) -> Parse | None:
    """Return what reads objects like this one; `None` for one of no annotation tool."""
    if not isinstance(record, Mapping):
        return None
    if "data" in record and "annotations" in record:
        return _label_studio
    if "sentences" in record:
        return _dygie
    entities = record.get("entities")
    if "relations" not in record or "schema" in record or not is_list(entities):
        return None
    if "tokens" in record:
        return _spert
    return _doccano if "text" in record else None


def _doccano(record: Mapping[str, Any], default_id: str, place: str) -> AnnotatedText:
    entities = _objects(record, "entities")
    numbers = numbered(entities, "id")
    return AnnotatedText(
        id=_id(record, default_id),
        words={"text": record.get("text")},
        entities=[
            Entity(_whole(one, "start_offset"), _whole(one, "end_offset"), one.get("label"))
            for one in entities
        ],
        relations=[
            Relation(
                number_of(one.get("from_id"), numbers, number),
                number_of(one.get("to_id"), numbers, number),
                one.get("type"),
            )
            for number, one in enumerate(_objects(record, "relations"))
        ],
        place=place,
    )


def _spert(record: Mapping[str, Any], default_id: str, place: str) -> AnnotatedText:
    tokens = list_of_words(record["tokens"], "`tokens`")
    entities = _objects(record, "entities")
    numbers = {str(number): number for number in range(len(entities))}
    return AnnotatedText(
        id=_id({"id": record.get("orig_id")}, default_id),
        words={"tokens": tokens},
        entities=[
            Entity(_whole(one, "start"), _whole(one, "end") - 1, one.get("type"))
            for one in entities
        ],
        relations=[
            Relation(
                number_of(one.get("head"), numbers, number),
                number_of(one.get("tail"), numbers, number),
                one.get("type"),
            )
            for number, one in enumerate(_objects(record, "relations"))
        ],
        sentence_ids=[0] * len(tokens),
        place=place,
    )


def _dygie(record: Mapping[str, Any], default_id: str, place: str) -> AnnotatedText:
    sentences = [
        list_of_words(sentence, f"`sentences[{number}]`")
        for number, sentence in enumerate(_list(record, "sentences"))
    ]
    entities = [Entity(*row) for row in _rows(record, "ner", 2)]
    numbers = {(entity.start, entity.end): number for number, entity in enumerate(entities)}
    relations = []
    for first, last, start, end, label in _rows(record, "relations", 4):
        for span in ((first, last), (start, end)):
            if span not in numbers:
                raise RecordError(f"a relation has the words {list(span)}, which `ner` lacks")
        relations.append(Relation(numbers[first, last], numbers[start, end], label))
    return AnnotatedText(
        id=_id({"id": record.get("doc_key")}, default_id),
        words={"tokens": [word for sentence in sentences for word in sentence]},
        entities=entities,
        relations=relations,
        sentence_ids=[number for number, one in enumerate(sentences) for _ in one],
        place=place,
    )


def _label_studio(record: Mapping[str, Any], default_id: str, place: str) -> AnnotatedText:
    annotations = [one for one in _objects(record, "annotations") if not one.get("was_cancelled")]
    results = _objects(annotations[0], "result") if annotations else []
    regions = _regions(results)
    numbers = numbered(regions, "id")
    relations = []
    for number, one in enumerate(one for one in results if one.get("type") == "relation"):
        start, end = (number_of(one.get(key), numbers, number) for key in ("from_id", "to_id"))
        label = _first(one.get("labels"))
        if one.get("direction") != "left":
            relations.append(Relation(start, end, label))
        if one.get("direction") in ("left", "bi"):
            relations.append(Relation(end, start, label))
    text = _text(record["data"])
    entities = []
    for number, one in enumerate(regions):
        value = one.get("value")
        if not isinstance(value, Mapping):
            raise RecordError(f"`value` is {shown(value)}; it must be an object")
        kind = value.get(str(one.get("type"))) or value.get("labels")
        written = CharSpan(_whole(value, "start"), _whole(value, "end"))
        start, end = place_in_text(written, value, text, str(one.get("id", number)))
        entities.append(Entity(start, end, _first(kind)))
    return AnnotatedText(
        id=_id(record, default_id),
        words={"text": text},
        entities=entities,
        relations=relations,
        place=place,
    )


def _regions(results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """
    Return the results that label a region, of several for the same region the first.

    What other controls say of a region has its id, too, and its start and end.
    """
    regions: dict[object, Mapping[str, Any]] = {}
    for number, one in enumerate(results):
        value, is_labels = one.get("value"), str(one.get("type")).endswith("labels")
        if is_labels or (isinstance(value, Mapping) and is_list(value.get("labels"))):
            regions.setdefault(str(one["id"]) if "id" in one else number, one)
    return list(regions.values())


def _text(data: object) -> object:
    """Return the text of a task, whatever the labelling configuration calls it."""
    if not isinstance(data, Mapping):
        raise RecordError(f"`data` is {shown(data)}; it must be an object with the text")
    texts = [one for one in data.values() if isinstance(one, str)]
    return data.get("text", texts[0] if len(texts) == 1 else None)


def _id(record: Mapping[str, Any], default_id: str) -> str:
    return default_id if record.get("id") is None else record_id(record["id"])


def _first(value: object) -> object:
    return value[0] if is_list(value) and value else None


def _whole(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    if not is_whole(value):
        raise RecordError(f"`{name}` is {shown(value)}; it must be a whole number")
    return int(value)


def _list(record: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = record.get(name)
    if value is None:
        return []
    if not is_list(value):
        raise RecordError(f"`{name}` is {shown(value)}; it must be a list")
    return value


def _objects(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = _list(record, name)
    for number, one in enumerate(found):
        if not isinstance(one, Mapping):
            raise RecordError(f"`{name}[{number}]` is {shown(one)}; it must be an object")
    return list(found)


def _rows(record: Mapping[str, Any], name: str, num_numbers: int) -> list[list[Any]]:
    """Return the rows of all sentences: some numbers of words, and a name."""
    rows = [row for sentence in _list(record, name) for row in (sentence or ())]
    for row in rows:
        if (
            not is_list(row)
            or len(row) < num_numbers + 1
            or not all(map(is_whole, row[:num_numbers]))
        ):
            raise RecordError(
                f"`{name}` has {shown(row)}; it must be {num_numbers} numbers of words and a name"
            )
    return [list(row[: num_numbers + 1]) for row in rows]
