"""Scores files of predictions as the official programs do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

HELP = "score predictions by the official metrics"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the tasks and their options."""
    tasks = parser.add_subparsers(dest="task", required=True)
    qa = tasks.add_parser("qa", help="SQuAD 1.1, SQuAD 2.0, MRQA")
    qa.add_argument("gold", help="the annotated data: a SQuAD file, or one of MRQA's")
    qa.add_argument("predictions", help="the official file: a JSON object, id to text")
    qa.add_argument(
        "--null-odds", metavar="FILE", help="id to no-answer score; for SQuAD 2.0's best_ scores"
    )
    threshold = qa.add_mutually_exclusive_group()
    threshold.add_argument(
        "--threshold", type=float, default=0.0, help="of the no-answer score (default: 0)"
    )
    threshold.add_argument(
        "--tuned", action="store_true", help="take the threshold with the best F1 on this data"
    )
    qa.add_argument(
        "--answered-only",
        action="store_true",
        help="leave questions without a prediction out (default: they are wrong)",
    )
    qa.add_argument("--out", metavar="FILE", help="write the scores, not rounded, as JSON")
    qa.set_defaults(score=_score_qa)


def run(arguments: argparse.Namespace) -> int:
    """Prints the scores; returns the exit status."""
    from spanbert_allen.common.files import replace_file

    scores = arguments.score(arguments)
    width = max(map(len, scores))
    for name, value in scores.items():
        print(f"{name.ljust(width)}  {value:.2f}".removesuffix(".00"))
    if arguments.out:
        with replace_file(arguments.out) as file:
            file.write(json.dumps(scores, indent=2) + "\n")
    return 0


def _score_qa(arguments: argparse.Namespace) -> dict[str, float]:
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.mrqa_jsonl import read_mrqa
    from spanbert_allen.common.qa_files import qa_layout
    from spanbert_allen.common.squad_json import read_squad
    from spanbert_allen.metrics.answer_file_scores import score_predictions

    layout = qa_layout(arguments.gold)
    if layout == "records":
        raise DataError("is neither a SQuAD nor an MRQA file", arguments.gold)
    read = read_squad if layout == "squad" else read_mrqa
    odds = _by_id(arguments.null_odds, _number) if arguments.null_odds else None
    found = score_predictions(
        read(arguments.gold),
        _by_id(arguments.predictions, _text),
        odds,
        flavour="squad" if layout == "squad" else "mrqa",
        threshold=None if arguments.tuned else arguments.threshold,
        answered_only=arguments.answered_only,
    )
    treated = "left out" if arguments.answered_only else "counted as wrong"
    _warn(found.missing, f"questions have no prediction and are {treated}")
    _warn(found.unknown, "predictions are for no question of the data")
    return found.scores


def _warn(ids: list[str], what: str) -> None:
    if ids:
        print(f"warning: {len(ids)} {what}; the first: {ids[0]}", file=sys.stderr)


def _by_id(path: str, check: Callable[[Any], str | None]) -> dict[str, Any]:
    """A JSON object whose values pass the check, which says what they must be."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.files import open_bytes
    from spanbert_allen.common.record_checks import shown

    with open_bytes(path) as file:
        content = file.read()
    try:
        values = json.loads(content)
    except ValueError as error:
        raise DataError(f"not JSON ({error}); give a file of the official form", path) from error
    if not isinstance(values, dict):
        raise DataError(f"holds {shown(values)}; it must be an object by question ids", path)
    for name, value in values.items():
        wanted = check(value)
        if wanted is not None:
            raise DataError(f"question {name}: {shown(value)} must be {wanted}", path)
    return values


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "a text"


def _number(value: Any) -> str | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if is_number else "a number"
