"""Pages inside of notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.html.page import render_html


def framed_html(result: Mapping[str, Any]) -> str:
    """
    The page of a result in a frame: its style and its script are its own, and reach neither the
    notebook nor other results.

    # Parameters

    result : `Mapping[str, Any]`
        A result of one of the predictors.
    """
    page = render_html([result], title="")
    return (
        '<iframe sandbox="allow-scripts" style="width: 100%; height: 24em; border: 0" '
        f'srcdoc="{as_html(page)}"></iframe>'
    )
