"""What a program may give a predictor of coreference: texts, records, documents of spaCy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.spacy.documents import is_doc
from spanbert_allen.predictors.coref.given_mentions import KEYS


def several_inputs(inputs: Iterable[Any]) -> Iterable[Any]:
    """Return the inputs, but not the characters, fields or tokens of a single one."""
    if isinstance(inputs, str | Mapping) or is_doc(inputs):
        raise DataError(
            f"{shown(inputs)} is one document, not several: give a list, or this to `predict`"
        )
    return inputs


def input_fields(item: Any) -> dict[str, Any]:
    """Return the fields of a record, or of a text, without its clusters."""
    if isinstance(item, str):
        return {"text": item}
    if not isinstance(item, Mapping):
        raise DataError(f"{shown(item)} is no document; give a text, a spaCy Doc or a record")
    fields = {name: value for name, value in item.items() if name != "clusters"}
    if isinstance(fields.get("document"), str) and "text" not in fields:
        fields["text"] = fields.pop("document")
    return fields


def is_whole_doc(fields: Mapping[str, Any]) -> bool:
    """Return whether a spaCy document was given, which itself says who speaks."""
    if not is_doc(fields.get("text")):
        return False
    others = sorted(fields.keys() - {"text", "doc_key", *KEYS})
    if others:
        raise DataError(
            f"{' and '.join(others)} beside a spaCy Doc; set the extensions `token._.speaker` and "
            "`doc._.genre`, and leave the rest to the Doc"
        )
    return True
