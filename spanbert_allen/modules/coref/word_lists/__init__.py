"""Lists of pronouns and function words, a data file for each language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from spanbert_allen.common.errors import ConfigError


class WordLists(NamedTuple):
    """
    The words of a language that tell kinds of mentions apart, in small letters.

    pronoun_groups : `dict[str, int]`
        The group of each pronoun, from 1. Pronouns of one group may stand for the same thing, as
        `she` and `her`.
    passed_over : `frozenset[str]`
        Words that say little of what a mention is, such as articles and prepositions.
    """

    pronoun_groups: dict[str, int]
    passed_over: frozenset[str]

    @classmethod
    def of_language(
        cls,
        language: str,
        *,
        pronouns: Sequence[str] | None = None,
        passed_over: Sequence[str] | None = None,
    ) -> WordLists:
        """
        Return the lists of a language, by its code.

        Raises a `ConfigError` if one of its lists is needed and it has none.

        # Parameters

        language : `str`
            Its code.
        pronouns, passed_over : `Sequence[str]`, optional (default = those of the language)
            See `from_lines`.
        """
        if pronouns is not None and passed_over is not None:
            return cls.from_lines(pronouns, passed_over)
        if language not in languages():
            raise ConfigError(
                f"model.head.links.language: there are no word lists for {language!r}, only for "
                f"{', '.join(languages())}; set `pronouns` and `passed_over` yourself"
            )
        text = resources.files(__package__).joinpath(f"{language}.json").read_text("utf-8")
        lines = json.loads(text)
        return cls.from_lines(
            lines["pronouns"] if pronouns is None else pronouns,
            lines["passed_over"] if passed_over is None else passed_over,
        )

    @classmethod
    def from_lines(cls, pronouns: Sequence[str], passed_over: Sequence[str]) -> WordLists:
        """
        Return the lists that these lines hold.

        # Parameters

        pronouns : `Sequence[str]`
            Each string holds the pronouns of a group, separated by spaces.
        passed_over : `Sequence[str]`
            Words, separated by spaces in one or several strings.
        """
        groups = {
            pronoun.lower(): number
            for number, group in enumerate(pronouns, start=1)
            for pronoun in group.split()
        }
        return cls(groups, frozenset(" ".join(passed_over).lower().split()))

    def pronoun_group(self, words: Sequence[str]) -> int:
        """Return the group of a mention that is a pronoun, and 0 for any other mention."""
        return self.pronoun_groups.get(words[0].lower(), 0) if len(words) == 1 else 0

    def content_words(self, words: Sequence[str]) -> set[str]:
        """Return the words of a mention that say what it is, in small letters."""
        return {
            word.lower()
            for word in words
            if word.lower() not in self.passed_over and any(map(str.isalnum, word))
        }


def languages() -> list[str]:
    """Return the codes of the languages that have lists."""
    files = (file.name for file in resources.files(__package__).iterdir())
    return sorted(name.removesuffix(".json") for name in files if name.endswith(".json"))
