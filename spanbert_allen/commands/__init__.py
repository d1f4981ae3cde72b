"""
The commands of `spanbert-allen`, a module each.

A module offers what `Command` says and imports nothing heavy at its top.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from keyword import iskeyword
from typing import Protocol, cast

COMMANDS = (
    "quickstart",
    "doctor",
    "install-allennlp",
    "plugin",
    "config",
    "check",
    "sample",
    "view",
    "format",
    "validate",
    "convert",
    "score",
    "split-mrqa",
    "unanswerable",
    "vocabulary",
    "corpus",
    "corpus-tags",
    "corpus-predict",
    "import",
    "export",
    "push",
    "calibrate",
    "serve",
)
"""
The names, in the order that `--help` shows; `some-name` stands in `some_name.py`, and a word that
is Python's own, such as `import`, in `import_.py`.
"""


class Command(Protocol):
    """What a command's module offers."""

    HELP: str
    """What the command does, in one line."""
    EXAMPLE: str
    """A command line that works, shown by `--help`."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it, and return the exit status."""


def load_command(name: str) -> Command:
    """Import and return the module of one of `COMMANDS`."""
    module_name = name.replace("-", "_") + "_" * iskeyword(name)
    return cast("Command", import_module(f"spanbert_allen.commands.{module_name}"))
