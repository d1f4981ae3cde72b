"""Put a trained model on the Hugging Face hub, with a card."""

from __future__ import annotations

import argparse
import sys

HELP = "put a trained model on the Hugging Face hub, with a card"
EXAMPLE = "spanbert-allen push out/run me/my-model --license cc-by-4.0 --private"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("source", help="a model.tar.gz, the folder of a training, or one that `export` made")
    add("repo", metavar="OWNER/NAME", help="the model's name on the hub; made if it is not there")
    add("--private", action="store_true", help="only its owner sees it; refused if it is public")
    add("--card-only", action="store_true", help="write the card alone, anew")
    add("--license", help="the hub's name of the model's licence (unknown)")


def run(arguments: argparse.Namespace) -> int:
    """Put it there, and return the exit status."""
    from spanbert_allen.conversion.hub.pushing import push

    pushed = push(
        arguments.source,
        arguments.repo,
        private=arguments.private,
        card_only=arguments.card_only,
        licence=arguments.license,
    )
    print(f"{pushed.url}: {', '.join(pushed.names)}")
    if pushed.left:
        sys.stderr.write(f"left here, as `export` does not make them: {', '.join(pushed.left)}\n")
    return 0
