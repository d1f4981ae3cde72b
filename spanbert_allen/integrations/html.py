"""Coreference results as one HTML page that needs nothing else: no request leaves it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from spanbert_allen.common.files import replace_file
from spanbert_allen.integrations.marked_text import Mention, marked, mentions_of

# Neighbouring numbers get hues far apart (the golden angle, in degrees).
_HUE_STEP = 137.508


def write_html(
    results: Iterable[Mapping[str, Any]], path: str | Path, *, title: str = "Coreference"
) -> None:
    """
    Writes a page that shows results; the file appears whole or not at all.

    # Parameters

    results : `Iterable[Mapping[str, Any]]`
        Results of the predictor `spanbert_coref`; error records are shown as such.
    path : `str | Path`
        The file to write.
    title : `str`, optional (default = `"Coreference"`)
        The page's title.
    """
    page = render_html(results, title=title)
    with replace_file(path) as file:
        file.write(page)


def render_html(results: Iterable[Mapping[str, Any]], *, title: str = "Coreference") -> str:
    """The page of `write_html` as a string."""
    style, script = _part("page.css"), _part("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    articles = "\n".join(_article(number, result) for number, result in enumerate(results))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_escaped(title)}</title>
<style>{style}</style>
</head>
<body>
<h1>{_escaped(title)}</h1>
<main>
{articles}
</main>
<script>{script}</script>
</body>
</html>
"""


def _part(name: str) -> str:
    return (files("spanbert_allen.integrations") / name).read_text(encoding="utf-8")


def _article(number: int, result: Mapping[str, Any]) -> str:
    name = result.get("doc_key") or f"line {result.get('line', number + 1)}"
    if "error" in result:
        body = f'<p class="error">Not predicted: {_escaped(result["error"])}</p>'
    else:
        clusters = result["clusters"]
        text = _text(number, result["text"], clusters)
        body = f'<div class="text" dir="auto">{text}</div>\n{_chains(number, clusters)}'
    return f"<article>\n<h2>{_escaped(str(name))}</h2>\n{body}\n</article>"


def _text(number: int, text: str, clusters: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    parts = []
    for mark in marked(text, mentions_of(clusters)):
        if mark.mention is None:
            parts.append(_escaped(mark.text))
        elif mark.kind == "open":
            identity = "" if mark.goes_on else f' id="{_anchor(number, mark.mention)}"'
            parts.append(f"<span{identity} {_chain_attributes(mark.mention.chain)}")
            parts.append(f' title="{_escaped(_hint(mark.mention))}">')
        else:
            chain_number = "" if mark.goes_on else f"<sub>{mark.mention.chain + 1}</sub>"
            parts.append(f"{chain_number}</span>")
    return "".join(parts)


def _chains(number: int, clusters: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    if not clusters:
        return "<aside><p>No mentions that corefer.</p></aside>"
    items = []
    for chain, cluster in enumerate(clusters):
        links = ", ".join(
            f'<a href="#{_anchor(number, mention)}" dir="auto">{_escaped(_one_line(mention))}</a>'
            for mention in mentions_of([[]] * chain + [cluster])
        )
        size = f"{len(cluster)} mention{'s' * (len(cluster) != 1)}"
        items.append(
            f'<li {_chain_attributes(chain)} tabindex="0">'
            f"<b>{chain + 1}</b> <small>{size}</small> {links}</li>"
        )
    return "<aside>\n<ol>\n" + "\n".join(items) + "\n</ol>\n</aside>"


def _chain_attributes(chain: int) -> str:
    return f'class="mention" data-chain="{chain}" style="--hue:{chain * _HUE_STEP % 360:.0f}"'


def _anchor(number: int, mention: Mention) -> str:
    return f"d{number}-{mention.chain}-{mention.start}-{mention.end}"


def _one_line(mention: Mention) -> str:
    return " ".join(mention.details["text"].split())


def _hint(mention: Mention) -> str:
    scores = [
        f"{name} {mention.details[key]:.2f}"
        for name, key in (("mention score", "mention_score"), ("link score", "link_score"))
        if mention.details.get(key) is not None
    ]
    return ", ".join([f"chain {mention.chain + 1}", *scores])


def _escaped(text: str) -> str:
    """The text as HTML; what UTF-8 cannot hold (lone surrogates) becomes a question mark."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True)
