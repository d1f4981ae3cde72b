"""Write relations as JSON, with the places of their entities in the user's own text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.formats.relation.example import RelationExample

SCHEMA = "spanbert_allen.relation/1"
PREDICTED = ("relations", "label", "probability")
"""What a result says beside what was asked."""
_DECIMALS = 4


def relation_json(
    example: RelationExample,
    labels: Sequence[str],
    probabilities: Sequence[float],
    *,
    best: int,
    is_cut: bool,
    seen: Sequence[CharSpan] | None = None,
    all_labels: bool = False,
) -> dict[str, Any]:
    """
    Return the result for two entities.

    # Parameters

    example : `RelationExample`
        The entities with their text.
    labels : `Sequence[str]`
        The labels of the model by their numbers.
    probabilities : `Sequence[float]`
        The probability of each label.
    best : `int`
        The number of the label that is chosen.
    is_cut : `bool`
        Whether the text was too long, and the model has not seen a part of an entity, of its type
        or of its markers.
    seen : `Sequence[CharSpan]`, optional (default = `None`)
        The characters that the model has read, if it has not read the whole text.
    all_labels : `bool`, optional (default = `False`)
        Whether to give the probabilities of all labels.

    # Returns

    `dict[str, Any]`
        `schema`, `id`, `text`; `entities`, the subject and the object, each with `start` and `end`
        (characters of `text`, end outside), `words` (first and last, inside), `text` and `type`;
        `relations`, a list with the only one: `subject` and `object` (0 and 1, their places among
        the entities), `label`, `probability`, `is_cut`, `seen` (a list of `[start, end]`, only if
        the model has not read the whole text) and, if asked for, `probabilities` by label, the
        highest first; and once more `label` and `probability`.
    """
    text, _ = example.source()
    relation: dict[str, Any] = {
        "subject": 0,
        "object": 1,
        "label": labels[best],
        "probability": _rounded(probabilities[best]),
        "is_cut": is_cut,
    }
    if seen is not None:
        relation["seen"] = [list(span) for span in seen]
    if all_labels:
        order = sorted(range(len(labels)), key=lambda number: -probabilities[number])
        relation["probabilities"] = {labels[i]: _rounded(probabilities[i]) for i in order}
    return {
        "schema": SCHEMA,
        "id": example.id,
        "text": text,
        "entities": [
            entity_json(example, example.subject, example.subject_type),
            entity_json(example, example.object, example.object_type),
        ],
        "relations": [relation],
        "label": relation["label"],
        "probability": relation["probability"],
    }


def entity_json(example: RelationExample, span: WordSpan, type_name: str) -> dict[str, Any]:
    """Return an entity of an example's text."""
    text, chars = example.source()
    start, end = chars[span.start].start, chars[span.end].end
    return {
        "start": start,
        "end": end,
        "words": [span.start, span.end],
        "text": text[start:end],
        "type": type_name,
    }


def joined_json(
    request_id: str,
    text: str,
    entities: Sequence[Mapping[str, Any]],
    pairs: Sequence[tuple[int, int]],
    results: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """
    Return one result for many pairs of a text's entities.

    # Parameters

    request_id, text : `str`
        The name of the text, and the text.
    entities : `Sequence[Mapping[str, Any]]`
        As `entity_json` gives them.
    pairs : `Sequence[tuple[int, int]]`
        The subject and the object of each relation, by their numbers among the entities.
    results : `Sequence[Mapping[str, Any]]`
        The results of `relation_json` for the pairs.

    # Returns

    `dict[str, Any]`
        As `relation_json`, with all entities and relations, and without a single label.
    """
    relations = [
        result["relations"][0] | {"subject": subject, "object": object_}
        for (subject, object_), result in zip(pairs, results, strict=True)
    ]
    return {
        "schema": SCHEMA,
        "id": request_id,
        "text": text,
        "entities": list(entities),
        "relations": relations,
    }


def asked_by_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a record that asks once more for what a result was made for.

    # Parameters

    result : `Mapping[str, Any]`
        A result of `relation_json` or `joined_json`, with `entities`.

    # Returns

    `dict[str, Any]`
        The result without what was predicted: with a subject and an object if it is that of a pair,
        or else with the entities as `[start, end, type]`. What is no entity stays as it is.
    """
    asked = {name: value for name, value in result.items() if name not in PREDICTED}
    record = {name: value for name, value in asked.items() if name != "entities"}
    entities = [_asked(one) for one in result["entities"]]
    is_pair = len(entities) == 2 and all(isinstance(one, Mapping) for one in result["entities"])
    if "label" not in result or not is_pair:
        return record | {"entities": entities}
    for role, (start, end, type_name) in zip(("subject", "object"), entities, strict=True):
        record |= {role: [start, end], f"{role}_type": type_name}
    return record


def with_relations_chosen(
    result: Mapping[str, Any], *, without: str | None, by_probability: bool
) -> dict[str, Any]:
    """
    Return a result with some of its relations, or in another order.

    # Parameters

    result : `Mapping[str, Any]`
        A result.
    without : `str`, optional
        The label whose relations are left out; `None` to keep all.
    by_probability : `bool`
        Whether the most probable relation comes first. Otherwise the order stays.
    """
    relations = [one for one in result["relations"] if one["label"] != without]
    if by_probability:
        relations.sort(key=lambda one: -one["probability"])
    return {**result, "relations": relations}


def _asked(entity: Any) -> Any:
    if not isinstance(entity, Mapping):
        return entity
    return [entity.get(name) for name in ("start", "end", "type")]


def _rounded(probability: float) -> float:
    return round(float(probability), _DECIMALS)
