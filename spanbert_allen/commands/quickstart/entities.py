"""A text whose entities are marked, as the quickstart of relations takes it."""

from __future__ import annotations

import re
from typing import Any

from spanbert_allen.common.errors import UserError

_ENTITY = re.compile(r"\{([A-Z]+)\s+([^{}\s](?:[^{}]*[^{}\s])?)\s*\}")


def record_of_marked(text: str) -> dict[str, Any]:
    """
    Make the record that asks for all pairs of a text's entities.

    # Parameters

    text : `str`
        The text, with its entities as `{TYPE words}`; the types are those of the sample corpus.

    Raises a `UserError` for other braces, unknown types and fewer than two entities.
    """
    from spanbert_allen.sample_corpus.sample_text import TYPES

    plain = ""
    position = 0
    entities: list[list[Any]] = []
    for found in _ENTITY.finditer(text):
        plain += text[position : found.start()]
        entities.append([len(plain), len(plain) + len(found[2]), found[1]])
        plain += found[2]
        position = found.end()
    plain += text[position:]
    if "{" in plain or "}" in plain:
        raise UserError(
            "the text for TASK=relation has braces that mark no entity; write {TYPE words} with a "
            f"type of {', '.join(TYPES)}"
        )
    if len(entities) < 2 or any(entity[2] not in TYPES for entity in entities):
        raise UserError(
            "the text for TASK=relation must have two entities or more marked, such as "
            f"'{{PERSON Anna}} moved to {{CITY Corrin}}', with the types {', '.join(TYPES)}"
        )
    return {"id": "quickstart", "text": plain, "entities": entities}
