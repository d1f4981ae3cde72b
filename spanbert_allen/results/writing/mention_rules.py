"""What kind of expression a mention is, by its letters and by lists of words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

Kind = Literal["name", "noun", "pronoun", "other"]
"""`other` is what is neither replaced nor a replacement: verbs, relative pronouns, punctuation."""


class Expression(NamedTuple):
    """
    A mention as the rules see it.

    # Parameters

    text : `str`
        The mention.
    words : `tuple[int, int]`
        Its first and last word in the document, both inside.
    after : `str`
        Some of the document's text after it.
    begins_sentence : `bool`
        Whether nothing of its sentence stands before it.
    begins_mention : `bool`
        Whether a longer mention has the same beginning.
    """

    text: str
    words: tuple[int, int]
    after: str = ""
    begins_sentence: bool = False
    begins_mention: bool = False


class MentionRules(Protocol):
    """What resolved text needs to know of a language; `WordRules` and `DocRules` know it."""

    def kind(self, mention: Expression) -> Kind:
        """Return the kind of the mention."""

    def is_possessive(self, mention: Expression) -> bool:
        """Return whether the mention says whose something is, as `her` of `her lamp`."""

    def possessive(self, name: str) -> str | None:
        """Return the name made possessive; `None` if that is not known, and the mention stays."""

    def begins_small(self, name: str) -> bool:
        """Return whether the name is written small within a sentence, as `The keeper`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRONOUNS = _words(
    "i me you he him she her it we us they them mine yours hers ours theirs "
    "my your his its our their this that these those"
)
_POSSESSIVE_ONLY = _words("my your his its our their mine yours hers ours theirs")
_STANDS_ALONE = _words(
    "myself yourself himself herself itself ourselves yourselves themselves oneself "
    "who whom whose which what"
)
_DETERMINERS = _words(
    "the a an this that these those my your his her its our their some any no every each "
    "both all another"
)
# `them and left`, `who came`: what begins so is a clause.
_BEGINS_NO_NAME = _PRONOUNS - _DETERMINERS | _STANDS_ALONE
# What follows a pronoun that is an object, and begins no noun phrase.
_NO_NOUN = _words(
    "a an the and or but nor so yet if as than that which who when while where because since "
    "until before after in on at to from with without by for of off over under about into onto "
    "out up down through across along away back again here there then now was were is are be "
    "been had has have did does do will would can could may might must shall should not too also "
    "very just still he she it they we i you"
)
_WORD = re.compile(r"\w[\w'\u2019.-]*")
_LETTERS = re.compile(r"[^\W\d_]")
_FOLLOWING = re.compile(r"[^\S\n]+(\w+)")


def possessive_of(name: str) -> str:
    """English: an apostrophe after s, else 's."""
    return name + ("'" if name[-1:] in "sS" else "'s")


class WordRules:
    """
    Tell kinds of mentions by letters and lists of words, for documents without tags.

    Where there are no lists for a language, what has a capital
    letter is a name and the rest are nouns, so that the first name, or else the first mention,
    stands for the others, and there are no possessives.

    # Parameters

    language : `str`, optional (default = `"en"`)
        The language's code; there are lists for English.
    """

    def __init__(self, language: str = "en"):
        self._is_english = language == "en"

    def kind(self, mention: Expression) -> Kind:
        """See `MentionRules`."""
        if not _WORD.match(mention.text) or not _LETTERS.search(mention.text):
            return "other"
        words = _WORD.findall(mention.text)
        first = words[0].lower()
        is_single = len(words) == 1
        if self._is_english and first in (_STANDS_ALONE if is_single else _BEGINS_NO_NAME):
            return "other"
        if self._is_english and is_single and first in _PRONOUNS:
            return "pronoun"
        if any(self._is_name(words, i, mention.begins_sentence) for i in range(len(words))):
            return "name"
        # One small word is as often a verb as a noun.
        is_bare = self._is_english and is_single and words[0][0].islower()
        return "other" if is_bare else "noun"

    def is_possessive(self, mention: Expression) -> bool:
        """See `MentionRules`. Whether `her` is one, what follows it tells."""
        if not self._is_english:
            return False
        word = mention.text.lower()
        if word.endswith(("'s", "\u2019s", "s'", "s\u2019")) or word in _POSSESSIVE_ONLY:
            return True
        if word != "her":
            return False
        following = _FOLLOWING.match(mention.after)
        return mention.begins_mention or (
            following is not None and following[1].lower() not in _NO_NOUN
        )

    def possessive(self, name: str) -> str | None:
        """See `MentionRules`."""
        return possessive_of(name) if self._is_english else None

    def begins_small(self, name: str) -> bool:
        """See `MentionRules`."""
        return self._is_english and name.partition(" ")[0].lower() in _DETERMINERS

    def _is_name(self, words: Sequence[str], number: int, begins_sentence: bool) -> bool:
        """
        Return whether a word is a name by its capital letter.

        Every sentence begins with one: its first
        word is taken for a name if no small word of the mention follows.
        """
        word = words[number]
        if not word[0].isupper() or (self._is_english and word.lower() in _DETERMINERS):
            return False
        small_follows = number == 0 and len(words) > 1 and not words[1][0].isupper()
        return not (begins_sentence and small_follows)
