"""A coreference result as HTML: the text with its mentions, and the chains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.results.colours import hue_style
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.marked_text import Mention, marked, mentions_of


def coref_html(number: int, result: Mapping[str, Any]) -> str:
    """
    Return what stands under the document's name.

    # Parameters

    number : `int`
        The result's place on the page, for links.
    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_coref`.
    """
    clusters = result["clusters"]
    text = _text(number, result["text"], clusters)
    return f'<div class="text" dir="auto">{text}</div>\n{_chains(number, clusters)}'


def _text(number: int, text: str, clusters: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    parts = []
    for mark in marked(text, mentions_of(clusters)):
        if mark.mention is None:
            parts.append(as_html(mark.text))
        elif mark.kind == "open":
            identity = "" if mark.goes_on else f' id="{_anchor(number, mark.mention)}"'
            parts.append(f"<span{identity} {_chain_attributes(mark.mention.chain)}")
            parts.append(f' title="{as_html(_hint(mark.mention))}">')
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
            f'<a href="#{_anchor(number, mention)}" dir="auto">{as_html(_one_line(mention))}</a>'
            for mention in mentions_of([[]] * chain + [cluster])
        )
        size = f"{len(cluster)} mention{'s' * (len(cluster) != 1)}"
        items.append(
            f'<li {_chain_attributes(chain)} tabindex="0">'
            f"<b>{chain + 1}</b> <small>{size}</small> {links}</li>"
        )
    return "<aside>\n<ol>\n" + "\n".join(items) + "\n</ol>\n</aside>"


def _chain_attributes(chain: int) -> str:
    return f'class="mention" data-chain="{chain}" {hue_style(chain)}'


def _anchor(number: int, mention: Mention) -> str:
    return f"d{number}-{mention.chain}-{mention.start}-{mention.end}"


def _one_line(mention: Mention) -> str:
    return " ".join(mention.details["text"].split())


def _hint(mention: Mention) -> str:
    scores = [
        f"{name.replace('_', ' ')} {mention.details[name]:.2f}"
        for name in ("mention_score", "link_score", "mention_probability", "link_probability")
        if mention.details.get(name) is not None
    ]
    return ", ".join([f"chain {mention.chain + 1}", *scores])
