"""Write the line that makes the plain `allennlp` command load this package."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "let the plain `allennlp` command find this package from any folder"
EXAMPLE = "spanbert-allen plugin"
LINE = "spanbert_allen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--local",
        action="store_true",
        help="write ./.allennlp_plugins, which counts in this folder only, "
        "instead of ~/.allennlp/plugins",
    )


def run(arguments: argparse.Namespace) -> int:
    local = Path(".allennlp_plugins")
    path = local if arguments.local else Path.home() / ".allennlp" / "plugins"
    if add_line(path):
        print(f"{path} now names {LINE}: `allennlp train`, `evaluate` and `predict` load it")
    else:
        print(f"{path} named {LINE} already: nothing to do")
    return 0


def add_line(path: Path) -> bool:
    """Add the line if it is not there, and return whether it was added; other lines stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if LINE in (line.strip() for line in text.splitlines()):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if text and not text.endswith("\n"):
        text += "\n"
    target = path.resolve()  # a link to a file kept elsewhere stays a link
    beside = target.with_name(target.name + ".new")
    beside.write_text(f"{text}{LINE}\n", encoding="utf-8")
    beside.replace(target)
    return True
