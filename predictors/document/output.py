"""Write what several models found in one text as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "spanbert_allen.document/1"
FOUND = ("parts", "clusters", "heads", "relations", "answers")
"""What stands in a result if it was found, and is no field of a record."""


def document_json(
    doc_key: str,
    text: str,
    entities: Sequence[Mapping[str, Any]],
    *,
    coref: Mapping[str, Any] | None,
    relations: Sequence[Mapping[str, Any]] | None,
    answers: Sequence[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """
    Return the result for a document.

    # Parameters

    doc_key, text : `str`
        The document's name and its text.
    entities : `Sequence[Mapping[str, Any]]`
        `start`, `end` (characters, the end outside), `text` and `type` of each.
    coref : `Mapping[str, Any]`, optional
        The result of the predictor `spanbert_coref`; `None` without such a model, as for the
        others.
    relations : `Sequence[Mapping[str, Any]]`, optional
        `subject` and `object` (places among `entities`), `label`, `probability`, `is_cut`.
    answers : `Sequence[Mapping[str, Any]]`, optional
        Results of the predictor `spanbert_qa`.

    # Returns

    `dict[str, Any]`
        `schema`, `doc_key`, `text`; `parts`, which of `coref`, `relation` and `qa` there is a model
        for; `entities` as given, each with `cluster`, the number of the cluster that has it as a
        mention, or `None`. `clusters` and `heads` as `spanbert_coref` gives them, `relations`, and
        `answers` as `spanbert_qa` gives them, without `context`, are there if their part is.
    """
    given = {"coref": coref, "relation": relations, "qa": answers}
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "doc_key": doc_key,
        "text": text,
        "parts": [part for part, found in given.items() if found is not None],
    }
    cluster_of = {
        (mention["start"], mention["end"]): number
        for number, cluster in enumerate(() if coref is None else coref["clusters"])
        for mention in cluster
    }
    result["entities"] = [
        {**entity, "cluster": cluster_of.get((entity["start"], entity["end"]))}
        for entity in entities
    ]
    if coref is not None:
        result |= {"clusters": coref["clusters"], "heads": coref["heads"]}
    if relations is not None:
        result["relations"] = list(relations)
    if answers is not None:
        result["answers"] = [
            {name: value for name, value in answer.items() if name not in ("schema", "context")}
            for answer in answers
        ]
    return result
