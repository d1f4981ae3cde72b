"""
Exports of doccano as JSON lines: `text`, `entities` with offsets, and `relations` between them.

Entities are mentions. Those that a relation links whose type says coreference are of one cluster;
an entity without a link is a cluster of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spanbert_allen.common.record_checks import RecordError, is_list, pair, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.linked_mentions import clusters_of_links, is_coreference
from spanbert_allen.formats.coref.records import RecordContext

_LAYOUT = "{id, label, start_offset, end_offset}"


def is_doccano(record: Mapping[str, Any]) -> bool:
    """Return whether a record has entities as doccano's have."""
    entities = record.get("entities")
    return (
        "clusters" not in record
        and is_list(entities)
        and isinstance(record.get("relations"), list)
        and all(isinstance(one, Mapping) and "start_offset" in one for one in entities)
    )


def parse_doccano(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """Return the document of a record; raise a `RecordError` for one that is none."""
    if not is_doccano(record):
        raise RecordError(f"entities is {shown(record.get('entities'))}; each must be {_LAYOUT}")
    spans: dict[str, CharSpan] = {}
    not_held: Counter[str] = Counter()
    for index, entity in enumerate(record["entities"]):
        place = f"entities[{index}]"
        name = str(entity.get("id", place))
        if name in spans:
            raise RecordError(f"{place} has the id {shown(name)} of another; give each its own")
        spans[name] = CharSpan(*pair([entity.get("start_offset"), entity.get("end_offset")], place))
        not_held["entity types (mentions)"] += 1
    links = []
    for index, relation in enumerate(record["relations"]):
        if not isinstance(relation, Mapping):
            raise RecordError(f"relations[{index}] is {shown(relation)}; it must be an object")
        ends = str(relation.get("from_id")), str(relation.get("to_id"))
        if not is_coreference(str(relation.get("type"))):
            not_held["relations of other types (relations)"] += 1
            continue
        for end in ends:
            if end not in spans:
                raise RecordError(
                    f"relations[{index}] names entity {shown(end)}, which is not there"
                )
        links.append(ends)
    made = {
        "doc_key": record.get("doc_key", record.get("id")),
        "text": record.get("text"),
        "clusters": clusters_of_links(spans, links),
    }
    return replace(parse_coref_record(made, context), not_held=not_held)
