"""The result of a document as results of its parts, each of which has a view of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spanbert_allen.results.kinds import name_of


def results_of_parts(
    result: Mapping[str, Any], number: int | str = "?"
) -> Iterator[dict[str, Any]]:
    """
    Yield what stands in the result of a document, as results of coreference, relations and answers.

    # Parameters

    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_document`.
    number : `int | str`, optional (default = `"?"`)
        What the document is called, if it does not say it.
    """
    name, text = name_of(result, number), result["text"]
    if result.get("clusters") is not None:
        yield {
            "doc_key": f"{name}: coreference",
            "text": text,
            "clusters": result["clusters"],
            "heads": result.get("heads") or (),
        }
    if result.get("relations") is not None:
        yield {
            "id": f"{name}: relations",
            "text": text,
            "entities": result["entities"],
            "relations": result["relations"],
        }
    for place, answer in enumerate(result.get("answers") or (), start=1):
        yield {**answer, "id": f"{name}: question {place}", "context": text}
