"""Write the line that makes the plain `allennlp` command load this package."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "let the plain `allennlp` command find this package from any folder"
EXAMPLE = "spanbert-allen plugin"
LINE = "spanbert_allen"
LOCAL = Path(".allennlp_plugins")
"""The file in which AllenNLP finds the plugins of the current folder."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--local",
        action="store_true",
        help="write ./.allennlp_plugins, which counts in this folder only, "
        "instead of ~/.allennlp/plugins",
    )


def run(arguments: argparse.Namespace) -> int:
    path = LOCAL if arguments.local else Path.home() / ".allennlp" / "plugins"
    if add_line(path):
        print(f"{path} now names {LINE}: `allennlp train`, `evaluate` and `predict` load it")
    else:
        print(f"{path} named {LINE} already: nothing to do")
    return 0


def has_line(path: Path) -> bool:
    """Return whether the file is there and names this package."""
    return LINE in (line.strip() for line in _text(path).splitlines())


def add_line(path: Path) -> bool:
    """Add the line if it is not there, and return whether it was added; other lines stay."""
    if has_line(path):
        return False
    text = _text(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if text and not text.endswith("\n"):
        text += "\n"
    target = path.resolve()  # a link to a file kept elsewhere stays a link
    beside = target.with_name(target.name + ".new")
    beside.write_text(f"{text}{LINE}\n", encoding="utf-8")
    beside.replace(target)
    return True


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
