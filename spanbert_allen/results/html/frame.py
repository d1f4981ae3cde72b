"""A page around articles: its style and script stand in it, and it asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from spanbert_allen.results.escaping import as_html

STYLE = "results.css"
MODULES = ("theme.js", "linked.js", "chains.js", "arcs.js", "results.js")
"""The style and the modules of results, each after those that it imports."""
_ENTRY = "page.js"
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def part(name: str) -> str:
    """Return the style or a module by its name."""
    return (files("spanbert_allen.results.html") / name).read_text(encoding="utf-8")


def whole_page(articles: str, title: str) -> str:
    """
    Return a page as one file, which a browser lets do nothing but what stands in it.

    # Parameters

    articles : `str`
        The HTML of what it shows.
    title : `str`
        Its title, maybe empty.
    """
    style, script = f"\n{part(STYLE)}", _script()
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; "
        f"script-src 'sha256-{_digest(script)}'"
    )
    heading = f"<h1>{as_html(title)}</h1>" if title else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{as_html(title) or "Predictions"}</title>
<style>{style}</style>
</head>
<body>
<header>{heading}</header>
<main>
{articles}
</main>
<script>{script}</script>
</body>
</html>
"""


def _script() -> str:
    """Return all modules as one script: a page of one file has none that it could import."""
    modules = (_IMPORT.sub("", part(name)) for name in (*MODULES, _ENTRY))
    return '\n"use strict";\n' + _EXPORT.sub("", "".join(modules))


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
