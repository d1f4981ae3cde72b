"""What every request passes: keys are checked, and answers counted."""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from spanbert_allen.serving.observing import Observations
from spanbert_allen.serving.page import PAGE_PATHS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WITHOUT_KEY = frozenset({"/health", "/ready", "/docs", "/openapi.json"}) | PAGE_PATHS
"""Paths that tell nothing of data or load."""


class Gate:
    """
    Refuse requests without a key, and count all.

    # Parameters

    app : `ASGIApp`
        What answers the requests.
    keys : `Collection[str]`
        The keys; none is needed if there are none.
    observations : `Observations`
        Where requests are counted.
    paths : `Collection[str]`
        The paths to count by; all others are one, so that nobody can make up any number of them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Collection[str],
        observations: Observations,
        paths: Collection[str],
    ) -> None:
        self._app = app
        self._keys = [key.encode() for key in keys]
        self._observations = observations
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 499  # as proxies say of a client that has gone

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"]
        if scope["method"] == "HEAD":  # as GET; the server leaves the body of the answer out
            scope = {**scope, "method": "GET"}
        try:
            if path in WITHOUT_KEY or self._has_key(Headers(scope=scope)):
                await self._app(scope, receive, counted)
            else:
                refusal = JSONResponse(
                    {"error": "no valid key; send the header `Authorization: Bearer KEY`"},
                    status_code=401,
                    headers={"WWW-Authenticate": "Bearer"},
                )
                await refusal(scope, receive, counted)
        finally:
            counted_as = path if path in self._paths else "other"
            self._observations.of_request(counted_as, status, time.monotonic() - started)

    def _has_key(self, headers: Headers) -> bool:
        if not self._keys:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        sent = given.encode("latin-1").strip()  # the bytes that came, which are UTF-8
        # All keys are compared, and each takes the same time however much of it is right.
        found = [hmac.compare_digest(sent, key) for key in self._keys]
        return scheme.lower() == "bearer" and any(found)
