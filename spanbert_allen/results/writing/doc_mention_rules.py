"""What kind of expression a mention is, by the tags of a spaCy `Doc`."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from spanbert_allen.results.writing.mention_rules import Expression, Kind, WordRules, possessive_of

_KIND: dict[str, Kind] = {"PROPN": "name", "NOUN": "noun", "PRON": "pronoun", "DET": "pronoun"}
_POSSESSIVE_TAGS = {"PRP$", "POS", "WP$"}
_RELATIVE_TAGS = {"WP", "WP$", "WDT"}
_RELATIVE_TYPES = {"Rel", "Int"}


class DocRules:
    """
    Tell kinds of mentions by part of speech, and by the parse if there is one, see `MentionRules`.

    A mention is what its head is: `the mayor of Paris` a noun and no name. Possessives of other
    languages than English stay.

    # Parameters

    doc : `spacy.tokens.Doc`
        The document; `has_tags` must be true of it.
    """

    def __init__(self, doc: Any) -> None:
        self._doc = doc
        self._is_parsed = doc.has_annotation("DEP")
        self._words = WordRules(doc.lang_)

    def kind(self, mention: Expression) -> Kind:
        """See `MentionRules`."""
        head = self._head(mention)
        is_relative = head.tag_ in _RELATIVE_TAGS or _RELATIVE_TYPES & set(
            head.morph.get("PronType")
        )
        if is_relative or "Yes" in head.morph.get("Reflex"):
            return "other"
        return _KIND.get(head.pos_, "other")

    def is_possessive(self, mention: Expression) -> bool:
        """See `MentionRules`."""
        last = self._doc[mention.words[1]]
        return last.tag_ in _POSSESSIVE_TAGS or "Yes" in last.morph.get("Poss")

    def possessive(self, name: str) -> str | None:
        """See `MentionRules`."""
        return possessive_of(name) if self._doc.lang_ == "en" else None

    def begins_small(self, name: str) -> bool:
        """See `MentionRules`."""
        return self._words.begins_small(name)

    def _head(self, mention: Expression) -> Any:
        """Return the head of the mention: its root, or the last noun before what follows it."""
        first, last = mention.words
        span = self._doc[first : last + 1]
        if self._is_parsed:
            return span.root
        tokens = list(span)
        front = list(takewhile(lambda token: token.pos_ != "ADP", tokens)) or tokens
        nominal = [token for token in front if token.pos_ in ("PROPN", "NOUN", "PRON")]
        own = [token for token in nominal if token.pos_ != "PRON"] or nominal
        return (own or front)[-1]


def has_tags(doc: Any) -> bool:
    """Tell whether a tagger has seen the document."""
    return bool(doc.has_annotation("POS"))
