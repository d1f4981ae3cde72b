"""Words that say too little to be asked for: function words of some languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import read_lines

_LISTS = Path(__file__).with_name("stop_words.json")


def read_stop_words(name: str) -> frozenset[str]:
    """
    Return the stop words of a language, or those in a file.

    # Parameters

    name : `str`
        A language of `stop_words.json`, such as `en`; or the path of a file, a word a line.

    # Returns

    `frozenset[str]`
        In small letters.

    Raises a `ConfigError` if it is neither.
    """
    lists = _lists()
    if name in lists:
        return frozenset(lists[name].split())
    try:
        words = frozenset(line.strip().lower() for _, line in read_lines(name)) - {""}
    except (OSError, DataError) as error:
        raise ConfigError(
            f"`stop_words` of the questions is {name!r}: give one of {', '.join(lists)}, or the "
            "path of a file with a word a line"
        ) from error
    return words


@cache
def _lists() -> dict[str, str]:
    content: dict[str, str] = json.loads(_LISTS.read_text(encoding="utf-8"))
    return content
