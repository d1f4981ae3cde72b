"""
The commands of `spanbert-allen`, a module each: `HELP`, one line; `add_arguments(parser)`;
`run(arguments)`, which returns the exit status. Their modules import nothing heavy at the top.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from keyword import iskeyword
from typing import Protocol, cast

COMMANDS = (
    "quickstart",
    "doctor",
    "plugin",
    "sample",
    "view",
    "format",
    "validate",
    "convert",
    "score",
    "split-mrqa",
    "import",
    "export",
)
"""
The names, in the order that `--help` shows; `some-name` stands in `some_name.py`, and a word that
is Python's own, such as `import`, in `import_.py`.
"""


class Command(Protocol):
    """What a command's module offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; returns the exit status."""


def load_command(name: str) -> Command:
    """The module of one of `COMMANDS`, imported when it is asked for."""
    module_name = name.replace("-", "_") + "_" * iskeyword(name)
    return cast("Command", import_module(f"spanbert_allen.commands.{module_name}"))
