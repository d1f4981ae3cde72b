"""Expressions that a spaCy pipeline finds in texts, to tag a corpus with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.corpus_tags import TaggedText

ENTITIES, NOUN_CHUNKS = "entities", "noun-chunks"
KINDS = (ENTITIES, NOUN_CHUNKS)
"""The kinds of expressions."""

_NUMBERS = frozenset(("DATE", "TIME", "PERCENT", "MONEY", "QUANTITY", "ORDINAL", "CARDINAL"))
"""The types of entities that SpanBERT's authors left out."""


class SpacySpans:
    """
    Find expressions in texts.

    # Parameters

    pipeline : `str`
        The name of an installed pipeline of spaCy, or its folder.
    kind : `str`
        One of `KINDS`. Entities are those of all types but dates, times and numbers.

    Raises a `ConfigError` without spaCy or without that pipeline.
    """

    def __init__(self, pipeline: str, kind: str) -> None:
        self._pipeline, self._kind = pipeline, kind
        self._nlp = _load(pipeline)

    def __call__(self, texts: Iterable[tuple[str, str | Path]]) -> Iterator[TaggedText]:
        """
        Find the expressions of texts.

        # Parameters

        texts : `Iterable[tuple[str, str | Path]]`
            Each text, and the file that it is from.

        Raises a `ConfigError` if the pipeline does not find noun chunks.
        """
        found: Callable[[Any], Iterable[Any]] = (
            _entities if self._kind == ENTITIES else lambda doc: doc.noun_chunks
        )
        for doc, source in self._nlp.pipe(texts, as_tuples=True):
            try:
                spans = [(span.start_char, span.end_char) for span in found(doc)]
            except (NotImplementedError, ValueError) as error:
                raise ConfigError(
                    f"the spaCy pipeline {self._pipeline} finds no {self._kind}, which needs a "
                    "parser and rules for its language: give another one, or --kind entities"
                ) from error
            yield TaggedText(source, doc.text, spans)


def _entities(doc: Any) -> Iterator[Any]:
    return (span for span in doc.ents if span.label_ not in _NUMBERS)


def _load(pipeline: str) -> Any:
    try:
        import spacy
    except ImportError as error:
        raise ConfigError("--spacy needs spaCy: run `pip install spacy`") from error
    try:
        return spacy.load(pipeline)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"--spacy: spaCy has no pipeline {pipeline}: install it, e.g. by `python -m spacy "
            "download en_core_web_sm`, or give the folder of one"
        ) from error
