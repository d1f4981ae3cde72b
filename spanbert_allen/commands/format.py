"""Write predictions of coreference in another format; neither torch nor AllenNLP is loaded."""

from __future__ import annotations

import argparse
import sys

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import STANDARD_STREAM
from spanbert_allen.common.outputs import refuse_empty, refuse_overwriting
from spanbert_allen.common.text import checked_language
from spanbert_allen.results.kinds import ERROR, read_results, result_kind
from spanbert_allen.results.writing.writers import FORMATS, format_of, open_results

HELP = "write predictions as CoNLL, brat, resolved text or a page"
EXAMPLE = "spanbert-allen format out/predictions.jsonl out/predictions.conll"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("predictions", help="what `allennlp predict` wrote; - is standard input")
    parser.add_argument(
        "output",
        nargs="?",
        default="-",
        help="a file, or for brat also a folder; standard output if left out",
    )
    parser.add_argument(
        "--to",
        choices=FORMATS,
        help="the format; by default what the output's name ends in says it: "
        ".conll, .ann or a folder, .txt, .html, .jsonl",
    )
    parser.add_argument(
        "--language",
        type=checked_language,
        default="en",
        help="of resolved text: there are lists of pronouns for en; default: en",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the file, and return the exit status: 1 if there were error records."""
    wanted = arguments.to or format_of(arguments.output)
    if arguments.output == STANDARD_STREAM and (arguments.to is None or wanted == "brat"):
        raise ConfigError(
            "brat's format is two files a document: name a folder to write"
            if wanted == "brat"
            else "--to is missing: give a format, or name a file to write"
        )
    refuse_overwriting(arguments.output, [arguments.predictions])
    num_results = num_failed = 0
    with open_results(arguments.output, wanted, language=arguments.language) as writer:
        for result in read_results(arguments.predictions):
            writer.add(result)
            num_results += 1
            num_failed += result_kind(result) == ERROR
        if not num_results:
            raise DataError("holds no prediction: nothing was written", arguments.predictions)
        if num_results == num_failed:
            problem = "none of its records had been predicted"
            refuse_empty(arguments.output, arguments.predictions, problem)
    if arguments.output != STANDARD_STREAM:
        print(arguments.output)
    if num_failed:
        sys.stderr.write(f"{num_failed} of the records had not been predicted\n")
    return int(num_failed > 0)
