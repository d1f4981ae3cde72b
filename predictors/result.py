"""What the predictors give: a dictionary that can be looked at."""

from __future__ import annotations

from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.results.html.page import framed_html
from spanbert_allen.results.terminal.render import render_terminal

_MOST_CHARS = 4000


class Result(dict[str, Any]):
    """
    Hold a result, or an error record: a dictionary in every respect, JSON included.

    Only how it is shown differs: as text, with mentions in brackets or the answer, and in a
    notebook in colour.
    """

    def __repr__(self) -> str:
        try:
            shown = render_terminal(self, colour=False).rstrip("\n")
        except DataError:  # a part of a result, or one that the user has changed
            return super().__repr__()
        return shown if len(shown) <= _MOST_CHARS else f"{shown[:_MOST_CHARS]} ..."

    def _repr_html_(self) -> str | None:
        try:
            return framed_html(self)
        except DataError:
            return None
