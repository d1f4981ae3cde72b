"""The errors a user can cause: each message is one sentence that names the place and the cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class UserError(Exception):
    """
    Something the user can put right. The message is shown without a traceback by the commands:
    one sentence with the place (file and line, or configuration key), what is wrong and the cure.
    """


class ConfigError(UserError):
    """A configuration key, an option or a combination of them that cannot work."""


class DataError(UserError):
    """
    Bad input data.

    # Parameters

    problem : `str`
        What is wrong, and the cure.
    path : `str | Path`, optional (default = `None`)
        The file.
    line : `int`, optional (default = `None`)
        The line in it, counted from 1.
    """

    def __init__(self, problem: str, path: str | Path | None = None, line: int | None = None):
        self.problem, self.path, self.line = problem, path, line
        place = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(place + problem)


OnProblem = Callable[[DataError], None]
"""What is done with a bad record instead of stopping at it."""
