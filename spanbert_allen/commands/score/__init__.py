"""Scores files of predictions as the official programs do."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from spanbert_allen.commands.score import coref as score_coref
from spanbert_allen.commands.score import qa as score_qa
from spanbert_allen.commands.score import relation as score_relation

HELP = "score predictions by the official metrics"
EXAMPLE = "spanbert-allen score coref gold.conll out/predictions.jsonl"

_INPUTS = ("gold", "predictions", "against", "null_odds")
_OUTPUTS = ("out", "html")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the tasks and their options.

    Each sets `score`, what finds the scores, and may set `lines`, how they are shown.
    """
    tasks = parser.add_subparsers(dest="task", required=True)
    score_coref.add_arguments(tasks.add_parser("coref", help=score_coref.HELP))
    score_relation.add_arguments(tasks.add_parser("relation", help=score_relation.HELP))
    score_qa.add_arguments(tasks.add_parser("qa", help=score_qa.HELP))


def run(arguments: argparse.Namespace) -> int:
    """Print the scores, and return the exit status."""
    from spanbert_allen.common.files import replace_file
    from spanbert_allen.common.outputs import refuse_overwriting

    inputs, outputs = (
        [given for name in names if (given := getattr(arguments, name, None))]
        for names in (_INPUTS, _OUTPUTS)
    )
    for output in outputs:
        refuse_overwriting(output, inputs)
    scores = arguments.score(arguments)
    if arguments.out:
        with replace_file(arguments.out) as file:
            file.write(json.dumps(scores, indent=2) + "\n")
    for line in getattr(arguments, "lines", _aligned)(scores):
        print(line)
    return 0


def _aligned(scores: dict[str, float]) -> Iterator[str]:
    """Yield a line for each score."""
    texts = {
        name: f"{value:.{0 if name.endswith('total') else 2}f}" for name, value in scores.items()
    }
    width, places = (max(map(len, some)) for some in (texts, texts.values()))
    for name, text in texts.items():
        yield f"{name.ljust(width)}  {text.rjust(places)}"
