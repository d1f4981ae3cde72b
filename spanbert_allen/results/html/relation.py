"""Relations as HTML: the text with its entities, and a table of the relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spanbert_allen.formats.relation.example import UNTYPED
from spanbert_allen.formats.relation.negative_label import means_no_relation
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.html.marked import link, marked_html
from spanbert_allen.results.marked_text import Mention, mentions_of

_HEAD = (
    '<thead><tr><th scope="col">Probability</th><th scope="col">Subject</th>'
    '<th scope="col">Relation</th><th scope="col">Object</th></tr></thead>'
)


def relation_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the text's name.

    Relations are in the order of their probability; pairs without one are shown on demand.

    # Parameters

    number : `int`
        The result's place on the page, for links.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_relation`.
    """
    entities = result["entities"]
    text = marked_html(
        result["text"],
        mentions_of([[entity] for entity in entities]),
        anchor=lambda mention: _anchor(number, mention.chain),
        attributes=_attributes,
        label=lambda mention: as_html(_shown_type(mention.details)),
    )
    relations = sorted(result["relations"], key=lambda one: -one["probability"])
    found = [one for one in relations if not means_no_relation(one["label"])]
    negative = [one for one in relations if means_no_relation(one["label"])]
    if not relations:
        shown = "<p>No pair of entities to judge.</p>"
    else:
        shown = _table(number, found, entities) if found else "<p>No relation was found.</p>"
    if negative:
        pairs = f"{len(negative)} pair{'s' * (len(negative) != 1)} without a relation"
        table = _table(number, negative, entities)
        shown += f"\n<details><summary>{pairs}</summary>\n{table}\n</details>"
    return f'{text}\n<div class="below">{shown}</div>'


def _attributes(mention: Mention) -> str:
    return f'data-chain="{mention.chain}" title="{as_html(mention.details["type"])}"'


def _shown_type(entity: Mapping[str, Any]) -> str:
    return "" if entity["type"] == UNTYPED else str(entity["type"])


def _anchor(number: int, entity: int) -> str:
    return f"r{number}-{entity}"


def _table(
    number: int, relations: Iterable[Mapping[str, Any]], entities: Sequence[Mapping[str, Any]]
) -> str:
    rows = "\n".join(_row(number, relation, entities) for relation in relations)
    return f'<table class="relations">{_HEAD}<tbody>\n{rows}\n</tbody></table>'


def _row(number: int, relation: Mapping[str, Any], entities: Sequence[Mapping[str, Any]]) -> str:
    subject, object_ = relation["subject"], relation["object"]
    return (
        f'<tr data-subject="{subject}" data-object="{object_}">'
        f"<td>{relation['probability']:.3f}</td>"
        f"<td>{link(_anchor(number, subject), entities[subject]['text'])}</td>"
        f"<td><b>{as_html(relation['label'])}</b></td>"
        f"<td>{link(_anchor(number, object_), entities[object_]['text'])}</td></tr>"
    )
