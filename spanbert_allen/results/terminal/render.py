"""Results for a terminal: coloured where colours are wanted, bracketed everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Any

from spanbert_allen.results.document import results_of_parts
from spanbert_allen.results.escaping import for_terminal
from spanbert_allen.results.kinds import ERROR, checked_kind
from spanbert_allen.results.pretraining_views import pretraining_terminal
from spanbert_allen.results.sequence_views import sequence_terminal
from spanbert_allen.results.terminal.coref import coref_terminal
from spanbert_allen.results.terminal.qa import qa_terminal
from spanbert_allen.results.terminal.relation import relation_terminal

_TEXTS = {
    "coref": coref_terminal,
    "qa": qa_terminal,
    "relation": relation_terminal,
    "class": sequence_terminal,
    "number": sequence_terminal,
    "pretraining": pretraining_terminal,
}


def wants_colour(stream: IO[str], environment: Mapping[str, str] | None = None) -> bool:
    """
    Return whether to write colours to a stream.

    It is so for a terminal, with neither `NO_COLOR` (no-color.org) nor
    `TERM=dumb` in the environment.
    """
    environment = os.environ if environment is None else environment
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return stream.isatty()


def render_terminal(result: Mapping[str, Any], *, colour: bool) -> str:
    """
    Return what a predictor found, as text.

    That of a document is those of its parts. See `coref_terminal`, `qa_terminal`,
    `relation_terminal`, `sequence_terminal`, `pretraining_terminal`.

    # Parameters

    result : `Mapping[str, Any]`
        A result of one of this package's predictors, or an error record.
    colour : `bool`
        Whether to use colours.
    """
    kind = checked_kind(result)
    if kind == ERROR:
        return f"not predicted: {for_terminal(result['error'])}\n"
    if kind == "document":
        parts = results_of_parts(result)
        return "\n".join(render_terminal(part, colour=colour) for part in parts)
    return _TEXTS[kind](result, colour)
