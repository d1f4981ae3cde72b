"""The class of a text, or of a pair of texts, or the number predicted for it, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spanbert_allen.formats.sequence.text_pair import TextPair

SCHEMA = "spanbert_allen.sequence/1"


def class_json(
    pair: TextPair, labels: Sequence[str], probabilities: Sequence[float]
) -> dict[str, Any]:
    """
    The result for one text or pair that is classified.

    # Parameters

    pair : `TextPair`
        The texts.
    labels : `Sequence[str]`
        The classes.
    probabilities : `Sequence[float]`
        Theirs.

    # Returns

    `dict[str, Any]`
        `schema`, `id`, `text`, for a pair `text_pair`; `label`, that of the highest probability,
        the first of equal ones; `probability`, its; and `probabilities` of all classes.
    """
    best = max(range(len(labels)), key=probabilities.__getitem__)
    return _texts(pair) | {
        "label": labels[best],
        "probability": probabilities[best],
        "probabilities": dict(zip(labels, probabilities, strict=True)),
    }


def number_json(pair: TextPair, number: float) -> dict[str, Any]:
    """The same for a number: `score` in place of label and probabilities."""
    return _texts(pair) | {"score": number}


def _texts(pair: TextPair) -> dict[str, Any]:
    texts = {"schema": SCHEMA, "id": pair.id, "text": pair.text}
    return texts if pair.text_pair is None else texts | {"text_pair": pair.text_pair}
