"""Coreference results as JSON, with mentions as places in the user's own text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.modules.coref.decoder import DecodedClusters, RankedAntecedent
from spanbert_allen.predictors.coref.options import CorefOptions

SCHEMA = "spanbert_allen.coref/1"
_DECIMALS = 4


def coref_json(
    document: CorefDocument, decoded: DecodedClusters, options: CorefOptions | None = None
) -> dict[str, Any]:
    """
    Return the result for one document.

    Clusters stand in the order of their first mentions, mentions in the order of the text.

    # Parameters

    document : `CorefDocument`
        The document.
    decoded : `DecodedClusters`
        The predicted clusters with their scores. A score that is not finite becomes `None`.
    options : `CorefOptions`, optional (default = `CorefOptions()`)
        What else to report.

    # Returns

    `dict[str, Any]`
        `schema`, `doc_key`, `text` and `clusters`. Each mention has `start` and `end` (characters
        of `text`, end outside), `words` (first and last, both inside), `sentence`, `text`,
        `mention_score`, and `link_score`: the score of the link to its antecedent, or `None`. With
        `probabilities` it also has `mention_probability` and `link_probability`; with
        `top_antecedents` also `antecedents`, the best first, each with `start`, `end`, `words` and
        `text` (`None` for "no antecedent"), `score` and `probability`. With `sentences` the result
        also has `sentences`, lists of words, and `speakers` in lists of the same form, if some were
        given.
    """
    options = options or CorefOptions()
    chains = []
    for cluster in zip(*decoded, strict=True):
        mentions = sorted(zip(*cluster, strict=True), key=lambda item: item[0])
        chains.append([_mention(document, mention, options) for mention in mentions])
    outputs: dict[str, Any] = {"schema": SCHEMA, "doc_key": document.doc_key, "text": document.text}
    if options.sentences:
        outputs["sentences"] = list(_by_sentence(document, document.words))
        if document.speakers is not None:
            outputs["speakers"] = list(_by_sentence(document, document.speakers))
    return outputs | {"clusters": sorted(chains, key=lambda chain: chain[0]["words"])}


def _by_sentence(document: CorefDocument, of_words: Sequence[str]) -> Iterator[list[str]]:
    """Group something that each word has one of by sentences."""
    pairs = zip(document.sentence_ids, of_words, strict=True)
    for _, sentence in groupby(pairs, key=lambda pair: pair[0]):
        yield [item for _, item in sentence]


def _mention(
    document: CorefDocument, mention: Sequence[Any], options: CorefOptions
) -> dict[str, Any]:
    """Return one mention, given its entry in each list of `DecodedClusters`."""
    span, mention_score, link_score, link_probability, antecedents = mention
    outputs = {
        **_place(document, span),
        "mention_score": _rounded(mention_score),
        "link_score": _rounded(link_score),
    }
    if options.probabilities:
        outputs["mention_probability"] = _rounded(_logistic(mention_score))
        outputs["link_probability"] = _rounded(link_probability)
    if options.top_antecedents:
        outputs["antecedents"] = [_antecedent(document, ranked) for ranked in antecedents]
    return outputs


def _place(document: CorefDocument, span: Sequence[int]) -> dict[str, Any]:
    first, last = span
    start, end = document.word_chars[first].start, document.word_chars[last].end
    return {
        "start": start,
        "end": end,
        "words": [int(first), int(last)],
        "sentence": document.sentence_ids[first],
        "text": document.text[start:end],
    }


def _antecedent(document: CorefDocument, ranked: RankedAntecedent) -> dict[str, Any]:
    keys = ("start", "end", "words", "text")
    place = {} if ranked.words is None else _place(document, ranked.words)
    return {key: place.get(key) for key in keys} | {
        "score": _rounded(ranked.score),
        "probability": _rounded(ranked.probability),
    }


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-score)) if score > -700 else 0.0


def _rounded(score: float | None) -> float | None:
    if score is None or not math.isfinite(score):
        return None
    return round(float(score), _DECIMALS)
