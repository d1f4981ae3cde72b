"""Shows predictions: in colour on the terminal, or as one HTML page."""

from __future__ import annotations

import argparse
import sys
from typing import Any

HELP = "show predictions on the terminal or as an HTML page"


_KEYS = ({"text", "clusters"}, {"question", "context", "answers"})
"""What a result of each predictor has."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("predictions", help="what `allennlp predict` wrote; - is standard input")
    parser.add_argument("--html", metavar="PAGE", help="write this page, and nothing else")
    parser.add_argument("--title", default="Predictions", help="the page's title")


def run(arguments: argparse.Namespace) -> int:
    """Shows the file; returns the exit status."""
    from spanbert_allen.common.files import read_objects
    from spanbert_allen.integrations.html import write_html
    from spanbert_allen.integrations.terminal import render_terminal, wants_colour

    results = (
        _checked(result, arguments.predictions, line)
        for line, result in read_objects(arguments.predictions)
    )
    if arguments.html:
        write_html(results, arguments.html, title=arguments.title)
        print(arguments.html)
        return 0
    colour = wants_colour(sys.stdout)
    for result in results:
        print(result.get("doc_key") or result.get("id") or f"line {result.get('line', '?')}")
        print(render_terminal(result, colour=colour))
    return 0


def _checked(result: dict[str, Any], path: str, line: int) -> dict[str, Any]:
    """A result of one of our predictors, or an error record."""
    from spanbert_allen.common.errors import DataError

    if "error" not in result and not any(keys <= result.keys() for keys in _KEYS):
        raise DataError(
            "no prediction of coreference or of answers; give a file that `allennlp predict` wrote "
            "with the predictor spanbert_coref or spanbert_qa",
            path,
            line,
        )
    return result
