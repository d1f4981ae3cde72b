"""Masked spans and what fills them: for a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spanbert_allen.results.escaping import as_html, for_terminal


def pretraining_terminal(result: Mapping[str, Any], colour: bool) -> str:
    """Return the text, the filled text, then the pieces that fill each masked one."""
    del colour  # nothing is marked
    lines = [for_terminal(result["text"]), for_terminal(result["filled"]), ""]
    lines += [f"  {for_terminal(line)}" for line in _lines(result)]
    return "\n".join(lines) + "\n"


def pretraining_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the text's id.

    # Parameters

    number : `int`
        The result's place on the page; nothing here is linked to.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_pretrainer`.
    """
    del number
    items = "".join(f"<li>{as_html(line)}</li>\n" for line in _lines(result))
    return (
        f'<div class="text" dir="auto"><p>{as_html(result["text"])}</p>\n'
        f"<p><b>{as_html(result['filled'])}</b></p></div>\n<aside>\n<ul>\n{items}</ul>\n</aside>"
    )


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each masked piece, and one for its prediction from the boundaries."""
    for span in result["masked"]:
        for piece in span["pieces"]:
            masked = result["text"][piece["start"] : piece["end"]]
            place = f"{piece['start']}-{piece['end']} {masked}"
            yield f"{place}: {_ranked(piece['fills'])}"
            if piece.get("boundary_fills") is not None:
                yield f"{place}, from boundaries: {_ranked(piece['boundary_fills'])}"


def _ranked(fills: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{fill['piece']} {fill['probability']:.3f}" for fill in fills)
