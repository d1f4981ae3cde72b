"""The class of a text, or of a pair, or its number: for a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.escaping import as_html, for_terminal


def sequence_terminal(result: Mapping[str, Any], colour: bool) -> str:
    """Return the texts, then the class and all probabilities, or the number."""
    del colour  # nothing is marked
    lines = [for_terminal(text) for text in _texts(result)]
    lines += ["", for_terminal(_verdict(result))]
    lines += [f"  {share:.3f}  {for_terminal(label)}" for label, share in _ranked(result)]
    return "\n".join(lines) + "\n"


def sequence_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the text's id.

    # Parameters

    number : `int`
        The result's place on the page; nothing here is linked to.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_sequence_classifier`.
    """
    del number
    texts = "\n".join(f"<p>{as_html(text)}</p>" for text in _texts(result))
    items = "".join(
        f"<li><small>{share:.3f}</small> {as_html(label)}</li>\n"
        for label, share in _ranked(result)
    )
    return (
        f'<div class="text" dir="auto">{texts}</div>\n'
        f"<aside>\n<p><b>{as_html(_verdict(result))}</b></p>\n<ol>\n{items}</ol>\n</aside>"
    )


def _texts(result: Mapping[str, Any]) -> list[str]:
    return [result[name] for name in ("text", "text_pair") if result.get(name) is not None]


def _verdict(result: Mapping[str, Any]) -> str:
    if "label" not in result:
        return f"{result['score']:.3f}"
    label = result["label"]  # or several
    return label if isinstance(label, str) else ", ".join(label) or "no class"


def _ranked(result: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the classes, the most probable first."""
    return sorted((result.get("probabilities") or {}).items(), key=lambda item: -item[1])
