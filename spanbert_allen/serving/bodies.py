"""The record in the body of a request."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from spanbert_allen.predictors.record import Record, parse_record


class JsonAnswer(JSONResponse):
    """Answer with JSON, also where a text has halves of surrogate pairs: those are escaped."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        try:
            return super().render(content)
        except UnicodeEncodeError:
            return json.dumps(content, allow_nan=False).encode()


class RefusedError(Exception):
    """
    Say why a request gets no result.

    # Parameters

    status : `int`
        The HTTP status.
    sentence : `str`
        What is wrong, and the cure.
    headers : `dict[str, str]`, optional (default = `None`)
        Headers of the answer.
    """

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


async def read_record(request: Request, *, max_bytes: int) -> Record:
    """
    Return the record that a request holds.

    Raises `RefusedError` for a body that holds none or is too long, of which no more is read.

    # Parameters

    request : `Request`
        The request.
    max_bytes : `int`
        How long the body may be.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # A page of another site can send other types without the browser asking first.
        raise RefusedError(415, "send the record with the header `Content-Type: application/json`")
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise RefusedError(415, "the body is packed (`Content-Encoding`); send it as it is")
    too_long = RefusedError(413, f"the body is longer than {max_bytes} bytes (--max-body)")
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:19]) > max_bytes:
        raise too_long
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > max_bytes:
                raise too_long
    except ClientDisconnect:  # nobody reads why
        raise RefusedError(499, "the client left before all of the body was here") from None
    text = body.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")
    record = parse_record(text)
    if record.problem is not None:
        raise RefusedError(422, record.problem)
    return record
