"""The page to try the models in: its files, and what a browser may do with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import FastAPI
from starlette.responses import Response

from spanbert_allen.results.html.frame import MODULES, STYLE, part

_FILES = (
    *("index.html", "app.css", "app.js", "client.js", "form.js", "permalink.js"),
    *("snippets.js", "spans.js"),
)
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "data:",  # the empty icon, which is not asked for then
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in _SOURCES.items()),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

PAGE_PATHS = frozenset(["/", *(f"/page/{name}" for name in (*_FILES[1:], STYLE, *MODULES))])
"""The paths of the page's files, which hold nothing of the models."""


def add_page(app: FastAPI) -> None:
    """Add the page and its files to the service."""
    for path in sorted(PAGE_PATHS):
        app.add_api_route(path, _answering(path), methods=["GET"], include_in_schema=False)


def _answering(path: str) -> Callable[[], Awaitable[Response]]:
    """Return what answers with a file, which is read once."""
    name = path.rpartition("/")[2] or "index.html"
    own = files("spanbert_allen.serving") / "page" / name
    content = own.read_text(encoding="utf-8") if name in _FILES else part(name)
    headers = _HEADERS | {"Content-Type": _TYPES[name.rpartition(".")[2]]}

    async def answer() -> Response:
        return Response(content, headers=headers)

    return answer
