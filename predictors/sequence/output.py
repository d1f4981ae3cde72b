"""Write the class of a text, or of a pair of texts, or the number predicted for it, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spanbert_allen.formats.sequence.text_pair import TextPair

_LEAST = 0.5

SCHEMA = "spanbert_allen.sequence/1"


def class_json(
    pair: TextPair,
    labels: Sequence[str],
    probabilities: Sequence[float],
    *,
    is_cut: bool,
    multi_label: bool = False,
) -> dict[str, Any]:
    """
    Return the result for one text or pair that is classified.

    # Parameters

    pair : `TextPair`
        The texts.
    labels : `Sequence[str]`
        The classes.
    probabilities : `Sequence[float]`
        The probability of each class.
    is_cut : `bool`
        Whether the model has not read all of the texts, as they are too long.
    multi_label : `bool`, optional (default = `False`)
        Whether the text may have any number of classes.

    # Returns

    `dict[str, Any]`
        `schema`, `id`, `text`, for a pair `text_pair`; `is_cut`; `label`, the class of the highest
        probability, the first of equal ones, and its `probability`; or, with `multi_label`,
        `label`, a list of the classes with a probability of at least 0.5; and `probabilities` of
        all classes.
    """
    by_label = dict(zip(labels, probabilities, strict=True))
    if multi_label:
        chosen = [label for label, share in by_label.items() if share >= _LEAST]
        return _texts(pair, is_cut) | {"label": chosen, "probabilities": by_label}
    best = max(range(len(labels)), key=probabilities.__getitem__)
    return _texts(pair, is_cut) | {
        "label": labels[best],
        "probability": probabilities[best],
        "probabilities": by_label,
    }


def number_json(pair: TextPair, number: float, *, is_cut: bool) -> dict[str, Any]:
    """
    Return the result for one text or pair for which a number is predicted.

    It is as that of `class_json`, with `score` in place of `label`, `probability` and
    `probabilities`.

    # Parameters

    pair, is_cut
        As for `class_json`.
    number : `float`
        The number.
    """
    return _texts(pair, is_cut) | {"score": number}


def _texts(pair: TextPair, is_cut: bool) -> dict[str, Any]:
    texts: dict[str, Any] = {"schema": SCHEMA, "id": pair.id, "text": pair.text}
    if pair.text_pair is not None:
        texts["text_pair"] = pair.text_pair
    return texts | {"is_cut": is_cut}
