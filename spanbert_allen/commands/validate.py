"""`spanbert-allen validate`: every mistake of a coreference file, and a summary."""

from __future__ import annotations

import argparse
import sys

HELP = "check a coreference file: every mistake with its line, and a summary"
EXAMPLE = "spanbert-allen validate train.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from spanbert_allen.common.text import checked_language
    from spanbert_allen.formats.coref.registry import FORMATS

    parser.add_argument("file", help="the file, packed (.gz) or not; - is standard input")
    parser.add_argument(
        "--format", choices=FORMATS, help="default: what the file's first line tells"
    )
    parser.add_argument(
        "--language",
        type=checked_language,
        default="en",
        help="of texts, as spaCy calls it (default: %(default)s)",
    )
    parser.add_argument(
        "--limit", type=int, default=50, help="mistakes to show (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print mistakes and summary; the exit status is 1 if there are problems."""
    from spanbert_allen.formats.coref.detection import detect_format
    from spanbert_allen.formats.coref.registry import find_format
    from spanbert_allen.formats.coref.validation import validate

    named = arguments.format
    file_format = find_format(named) if named else detect_format(arguments.file)
    summary, found = validate(
        arguments.file, file_format, language=arguments.language, limit=arguments.limit
    )
    for message in found.messages:
        print(message, file=sys.stderr)
    if found.num_unsaid:
        print(f"and {found.num_unsaid} more (--limit {arguments.limit})", file=sys.stderr)
    print(f"{'format':<36}{file_format.name:>10}")
    for line in summary.lines():
        print(line)
    return 1 if summary.problems else 0
