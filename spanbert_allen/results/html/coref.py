"""A coreference result as HTML: the text with its mentions, and the chains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.results.colours import hue_class
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.html.marked import link, marked_html, one_line
from spanbert_allen.results.marked_text import Mention, mentions_of

_MOST_LINKS = 12
"""How many mentions of a chain are listed; the others are listed on demand."""
_DETAILS = (
    *("mention_score", "link_score", "mention_probability", "link_probability"),
    "antecedents",
)
"""What `chains.js` shows of a mention, where a result has it."""


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
    text = marked_html(
        result["text"],
        mentions_of(clusters),
        anchor=lambda mention: _anchor(number, mention),
        attributes=_attributes,
        label=lambda mention: str(mention.chain + 1),
    )
    return f"{text}\n{_chains(number, clusters, result.get('heads') or ())}"


def _attributes(mention: Mention) -> str:
    details = {
        name: mention.details[name] for name in _DETAILS if mention.details.get(name) is not None
    }
    shown = f' data-details="{as_html(json.dumps(details))}"' if details else ""
    return f'data-chain="{mention.chain}" title="{as_html(_hint(mention))}"{shown}'


def _chains(
    number: int, clusters: Sequence[Sequence[Mapping[str, Any]]], heads: Sequence[int]
) -> str:
    if not clusters:
        return "<aside><p>No mentions that corefer.</p></aside>"
    items = []
    for chain, cluster in enumerate(clusters):
        mentions = mentions_of([cluster], first_chain=chain)
        links = [link(_anchor(number, one), one.details["text"]) for one in mentions]
        more = links[_MOST_LINKS:]
        rest = f"<details><summary>{len(more)} more</summary>{', '.join(more)}</details>"
        size = f"{len(cluster)} mention{'s' * (len(cluster) != 1)}"
        head = cluster[heads[chain]] if chain < len(heads) else cluster[0]
        items.append(
            f'<li class="mention {hue_class(chain)}" data-chain="{chain}" '
            f'data-size="{len(cluster)}"><button type="button" class="chain" '
            f'aria-pressed="false" dir="auto"><b>{chain + 1}</b> {as_html(one_line(head["text"]))}'
            f"</button> <small>{size}</small> {', '.join(links[:_MOST_LINKS])}"
            f"{rest if more else ''}</li>"
        )
    return '<aside>\n<ol class="chains">\n' + "\n".join(items) + "\n</ol>\n</aside>"


def _anchor(number: int, mention: Mention) -> str:
    return f"d{number}-{mention.chain}-{mention.start}-{mention.end}"


def _hint(mention: Mention) -> str:
    scores = [
        f"{name.replace('_', ' ')} {mention.details[name]:.2f}"
        for name in _DETAILS[:-1]
        if mention.details.get(name) is not None
    ]
    return ", ".join([f"chain {mention.chain + 1}", *scores])
