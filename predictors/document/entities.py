"""The entities of a text: a user's own, a spaCy pipeline's, or the mentions of clusters."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.common.text import SplitText, cut_words, doc_by_rules, whole_characters
from spanbert_allen.formats.relation.example import UNTYPED
from spanbert_allen.formats.spacy.documents import document_of_doc
from spanbert_allen.predictors.relation.requests import given_entities

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def named_pipeline(name: str) -> Any:
    """
    Return a spaCy pipeline by its name or its folder.

    # Parameters

    name : `str`
        What `spacy.load` takes.

    Raises `ConfigError` where spaCy cannot load it.
    """
    import spacy

    try:
        return spacy.load(name)
    except (OSError, ImportError, ValueError) as error:
        raise ConfigError(
            f"`spacy` is {shown(name)}, which spaCy cannot load "
            f"({' '.join(str(error).split())[:200]}); name an installed pipeline or its folder"
        ) from error


def doc_with_entities(
    text: str,
    *,
    pipeline: Any,
    language: str,
    given: Any = None,
    clusters: Sequence[Sequence[Mapping[str, Any]]] | None = None,
) -> Any:
    """
    Return a spaCy `Doc` whose `ents` are the entities of a text.

    # Parameters

    text : `str`
        The text.
    pipeline : `spacy.language.Language`, optional
        The user's; without one, rules of the language split the text, and find no entities.
    language : `str`
        spaCy's code of the language.
    given : optional (default = `None`)
        The user's own entities, `[start, end]` or `[start, end, type]` in characters, the end
        outside; they take the place of the pipeline's. A word that one begins or ends in is cut.
    clusters : `Sequence[Sequence[Mapping[str, Any]]]`, optional (default = `None`)
        If nothing is given, the mentions of these are entities without a type. Of mentions that
        overlap the longest stays.

    Raises `DataError` for entities that are not in the text, or that overlap.
    """
    text = _LONE_SURROGATE.sub(" ", text)  # spaCy takes none
    if pipeline is not None and len(text) > pipeline.max_length:
        raise DataError(
            f"the text has {len(text)} characters, and the spaCy pipeline takes "
            f"{pipeline.max_length}: raise its `max_length`, or cut the text"
        )
    doc = doc_by_rules(text, language) if pipeline is None else pipeline(text)
    if given is not None:
        places, types = _given_places(text, given)
        doc = _cut_at(doc, {offset for place in places for offset in place})
        _set_entities(
            doc,
            [
                doc.char_span(*place, label=type_)
                for place, type_ in zip(places, types, strict=True)
            ],
        )
    elif clusters is not None:
        from spacy.util import filter_spans

        spans = [
            doc.char_span(mention["start"], mention["end"], label=UNTYPED, alignment_mode="expand")
            for cluster in clusters
            for mention in cluster
        ]
        _set_entities(doc, filter_spans([span for span in spans if span is not None]))
    return doc


def _given_places(text: str, given: Any) -> tuple[list[CharSpan], list[str]]:
    """Return the characters and the types of a user's entities, without white space at the ends."""
    try:
        spans, types = given_entities(given)
    except RecordError as error:
        raise DataError(str(error)) from error
    places = []
    for number, (start, end) in enumerate(spans):
        if not 0 <= start < end <= len(text):
            raise DataError(
                f"`entities[{number}]` is from {start} to {end}, which is not within the text of "
                f"{len(text)} characters; the end stands outside of the entity"
            )
        inside = text[start:end]
        if not inside.strip():
            raise DataError(f"`entities[{number}]` holds no word: {shown(inside)}")
        first = start + len(inside) - len(inside.lstrip())
        places.append(whole_characters(text, CharSpan(first, first + len(inside.strip()))))
    return places, types


def _cut_at(doc: Any, breaks: Collection[int]) -> Any:
    """Return a `Doc` with the tokens and sentences of another, cut where there is a break."""
    document = document_of_doc(doc)
    split = SplitText(list(document.words), list(document.word_chars), list(document.sentence_ids))
    cut = cut_words(doc.text, split, breaks)
    if len(cut.words) == len(doc):
        return doc
    ends = [end for _, end in cut.word_chars]
    nexts = [*(start for start, _ in cut.word_chars[1:]), len(doc.text)]
    return type(doc)(
        doc.vocab,
        words=cut.words,
        spaces=[end < after for end, after in zip(ends, nexts, strict=True)],
        sent_starts=[before != after for before, after in pairwise([-1, *cut.sentence_ids])],
    )


def _set_entities(doc: Any, spans: Sequence[Any]) -> None:
    in_order = sorted(spans, key=lambda span: (span.start, span.end))
    for before, after in pairwise(in_order):
        if after.start < before.end:
            raise DataError(
                f"the entities {shown(before.text)} and {shown(after.text)} overlap; leave one out"
            )
    doc.set_ents(in_order)
