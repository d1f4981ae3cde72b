"""Write the pieces that fill the masked spans of a text, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spanbert_allen.data.pretraining.masked_text import MaskedText

SCHEMA = "spanbert_allen.pretraining/1"

Fills = Sequence[tuple[str, float]]
"""Pieces with their probabilities, the most probable first."""


def fills_json(
    masked: MaskedText,
    fills: Callable[[int], Fills],
    from_boundaries: Callable[[int], Fills | None] | None = None,
) -> dict[str, Any]:
    """
    Return the result for one text.

    # Parameters

    masked : `MaskedText`
        The text.
    fills : `Callable[[int], Fills]`
        Gives what a piece is predicted to be from its context, by the place of the piece.
    from_boundaries : `Callable[[int], Fills | None]`, optional (default = `None`)
        The same from the boundaries of its span alone, `None` for a piece that has no such
        prediction.

    # Returns

    `dict[str, Any]`
        `schema`, `id`, `text`; `masked`, the masked spans: `start` and `end` in characters, `text`
        between them, `fill`, the most probable pieces joined, and `pieces`, a list with `start`,
        `end`, `fills` and, if asked for, `boundary_fills` of each piece; `filled`, the text with
        every span replaced by its `fill`.
    """
    spans = []
    filled, done = "", 0
    for span in masked.spans:
        start, end = masked.chars[span[0]].start, masked.chars[span[-1]].end
        pieces = []
        for place in span:
            piece = {
                "start": masked.chars[place].start,
                "end": masked.chars[place].end,
                "fills": _listed(fills(place)),
            }
            if from_boundaries is not None:
                found = from_boundaries(place)
                piece["boundary_fills"] = None if found is None else _listed(found)
            pieces.append(piece)
        fill = _joined(fills(place)[0][0] for place in span)
        spans.append(
            {
                "start": start,
                "end": end,
                "text": masked.text[start:end],
                "fill": fill,
                "pieces": pieces,
            }
        )
        filled += masked.text[done:start] + fill
        done = end
    return {
        "schema": SCHEMA,
        "id": masked.id,
        "text": masked.text,
        "masked": spans,
        "filled": filled + masked.text[done:],
    }


def _listed(fills: Fills) -> list[dict[str, Any]]:
    return [{"piece": piece, "probability": probability} for piece, probability in fills]


def _joined(pieces: Iterable[str]) -> str:
    return " ".join(pieces).replace(" ##", "").removeprefix("##")
