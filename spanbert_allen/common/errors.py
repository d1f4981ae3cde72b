"""Errors that a user can cause: each is one sentence that names the place and the cure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_MOST_CHARACTERS = 500
_BREAKS = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def shortened(text: str) -> str:
    """
    Return a message in one line of at most 500 characters, whatever names and values are in it.

    What is too long loses its middle, as the end is where the cure stands; halves of surrogate
    pairs, which no file of UTF-8 takes, are written as escapes.
    """
    text = _BREAKS.sub(" ", text).encode("utf-8", "backslashreplace").decode("utf-8")
    if len(text) <= _MOST_CHARACTERS:
        return text
    end = _MOST_CHARACTERS // 2
    return f"{text[: _MOST_CHARACTERS - end - 5]} ... {text[-end:]}"


class UserError(Exception):
    """
    Tell the user of something that he or she can put right.

    Commands show the message without a traceback: one sentence with the place (file and line, or
    configuration key), what is wrong and the cure.
    """


class ConfigError(UserError):
    """Tell the user of an option, or a combination of options, that cannot work."""


class DataError(UserError):
    """
    Tell the user of bad input data.

    # Parameters

    problem : `str`
        What is wrong, and the cure.
    path : `str | Path`, optional (default = `None`)
        The file.
    line : `int`, optional (default = `None`)
        The line in it, counted from 1.
    """

    def __init__(self, problem: str, path: str | Path | None = None, line: int | None = None):
        self.problem, self.path, self.line = shortened(problem), path, line
        place = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(place + self.problem)


OnProblem = Callable[[DataError], None]
"""What is done with a bad record instead of stopping at it."""
