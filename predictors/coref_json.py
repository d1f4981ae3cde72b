"""A coreference result as JSON: mentions with their place in the user's own text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.spans import WordSpan

SCHEMA = "spanbert_allen.coref/1"
_DECIMALS = 4


def coref_json(
    document: CorefDocument,
    clusters: Sequence[Sequence[WordSpan]],
    mention_scores: Sequence[Sequence[float]],
    link_scores: Sequence[Sequence[float | None]],
) -> dict[str, Any]:
    """
    The result for one document: clusters in the order of their first mentions, mentions in the
    order of the text.

    # Parameters

    document : `CorefDocument`
        The document.
    clusters : `Sequence[Sequence[WordSpan]]`
        The predicted clusters.
    mention_scores, link_scores : `Sequence[Sequence[float | None]]`
        For each mention its own score and that of the link to the antecedent chosen for it (`None`
        where there is none), in the order of `clusters`. What is not finite becomes `None`.

    # Returns

    `dict[str, Any]`
        `schema`, `doc_key`, `text` and `clusters`; of each mention `start` and `end` (characters of
        `text`, end outside), `words` (first and last, inside), `sentence`, `text`, `mention_score`
        and `link_score`.
    """
    chains = []
    for cluster, scores, links in zip(clusters, mention_scores, link_scores, strict=True):
        mentions = sorted(zip(cluster, scores, links, strict=True), key=lambda item: item[0])
        chains.append([_mention(document, *mention) for mention in mentions])
    return {
        "schema": SCHEMA,
        "doc_key": document.doc_key,
        "text": document.text,
        "clusters": sorted(chains, key=lambda chain: chain[0]["words"]),
    }


def _mention(
    document: CorefDocument, span: WordSpan, mention_score: float, link_score: float | None
) -> dict[str, Any]:
    start, end = document.word_chars[span.start].start, document.word_chars[span.end].end
    return {
        "start": start,
        "end": end,
        "words": [int(span.start), int(span.end)],
        "sentence": document.sentence_ids[span.start],
        "text": document.text[start:end],
        "mention_score": _rounded(mention_score),
        "link_score": _rounded(link_score),
    }


def _rounded(score: float | None) -> float | None:
    if score is None or not math.isfinite(score):
        return None
    return round(float(score), _DECIMALS)
