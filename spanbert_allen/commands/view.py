"""Show predictions: in colour on the terminal, or as one HTML page."""

from __future__ import annotations

import argparse
import sys

HELP = "show predictions on the terminal or as an HTML page"
EXAMPLE = "spanbert-allen view out/predictions.jsonl --html out/page.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("predictions", help="what `allennlp predict` wrote; - is standard input")
    parser.add_argument("--html", metavar="PAGE", help="write this page, and nothing else")
    parser.add_argument("--title", default="Predictions", help="the page's title")


def run(arguments: argparse.Namespace) -> int:
    """Show the file, and return the exit status."""
    from spanbert_allen.common.files import STANDARD_STREAM
    from spanbert_allen.common.outputs import refuse_overwriting
    from spanbert_allen.common.paths import refuse_empty_path
    from spanbert_allen.results.escaping import for_terminal
    from spanbert_allen.results.html.page import write_html
    from spanbert_allen.results.kinds import name_of, read_results
    from spanbert_allen.results.terminal.render import render_terminal, wants_colour

    results = read_results(arguments.predictions)
    if arguments.html is not None:
        refuse_empty_path(arguments.html, "the page", "name a file")
        refuse_overwriting(arguments.html, [arguments.predictions])
        write_html(results, arguments.html, title=arguments.title)
        if arguments.html != STANDARD_STREAM:
            print(arguments.html)
        return 0
    colour = wants_colour(sys.stdout)
    for result in results:
        print(for_terminal(name_of(result)))
        print(render_terminal(result, colour=colour))
    return 0
