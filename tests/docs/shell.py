"""Command lines of the pages, taken apart."""

from __future__ import annotations

import re
import shlex

_INNER = re.compile(r"\$\(([^()]*)\)")
_ENDS = {"|", "||", "&&", ";"}


def simple_commands(script: str) -> list[list[str]]:
    """
    Return the words of each command in a block of shell.

    Those within `$(...)` are commands of their own, redirections are left out, and variables stay
    as they are written.
    """
    commands: list[list[str]] = []
    for line in script.replace("\\\n", " ").splitlines():
        for inner in _INNER.findall(line):
            commands += simple_commands(inner)
        words: list[str] = []
        lexer = shlex.shlex(_INNER.sub("RESULT", line), posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        tokens = iter(lexer)
        for token in tokens:
            if token in _ENDS:
                commands.append(words)
                words = []
            elif token[0] in "<>":
                next(tokens)
            else:
                words.append(token)
        commands.append(words)
    return [command for command in commands if command]
