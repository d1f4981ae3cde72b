"""Results in other formats, for those who have them as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Literal

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse

from spanbert_allen.common.errors import DataError
from spanbert_allen.results.html.page import articles_html
from spanbert_allen.results.writing.writers import conll_text
from spanbert_allen.serving.bodies import RefusedError, read_record

_WRITERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "html": lambda result: "\n".join(articles_html(result)),
    "conll": conll_text,
}
_LONGER = 16
"""How many times as long as a record a result may be."""


def add_formats(app: FastAPI, *, max_body: int) -> None:
    """
    Add the path that takes a result and gives it back in another format.

    # Parameters

    app : `FastAPI`
        The service.
    max_body : `int`
        How many bytes a record may have.
    """

    @app.post(
        "/format",
        summary="Write a result as HTML, the elements that show it on a page, or as CoNLL.",
        response_class=PlainTextResponse,
    )
    async def write(request: Request, to: Literal["html", "conll"]) -> PlainTextResponse:
        result = await read_record(request, max_bytes=_LONGER * max_body)
        try:
            # A novel takes a second, and others need not wait for it.
            text = await asyncio.to_thread(_WRITERS[to], result)
        except DataError as error:
            raise RefusedError(422, error.problem) from None
        # As plain text, also the HTML: a browser that is led here shows no page of somebody's.
        body = text.encode(errors="replace")  # halves of surrogate pairs have no form in UTF-8
        return PlainTextResponse(body, headers={"X-Content-Type-Options": "nosniff"})
