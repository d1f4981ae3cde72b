"""
Turn the docstrings of this project into Markdown that the site shows well.

They are written as AllenNLP writes them: `# Parameters` as a heading, and below it a line such as
``name : `type`, optional (default = `1`)`` with the description indented under it.
"""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

HEADING = re.compile(r"^# (\w[\w ]*)$")
INDENT = "    "


class AllenNLPDocstrings(Extension):
    """Rewrite every docstring before mkdocstrings renders it."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Replace the text of the object's docstring, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)


def to_markdown(docstring: str) -> str:
    """Return the docstring with bold headings and with definition lists for its parameters."""
    lines = docstring.splitlines()
    written: list[str] = []
    in_section = in_definition = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if heading := HEADING.match(line):
            in_section, in_definition = True, False
            written += ["", f"**{heading[1]}**", ""]
        elif in_section and line and not line.startswith(" ") and following.startswith(INDENT):
            in_definition = False
            written += ["", _term(line)]
        elif in_section and line.startswith(INDENT) and not in_definition:
            in_definition = True
            written.append(f":   {line.removeprefix(INDENT)}")
        else:
            written.append(line)
    return "\n".join(written)


def _term(line: str) -> str:
    """Return the line of a parameter with its names as code."""
    names, separator, rest = line.partition(" : ")
    return ", ".join(f"`{name.strip('` ')}`" for name in names.split(",")) + separator + rest
