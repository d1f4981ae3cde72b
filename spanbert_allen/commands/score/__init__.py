"""Scores files of predictions as the official programs do."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from spanbert_allen.commands.score import coref as score_coref
from spanbert_allen.commands.score import relation as score_relation

if TYPE_CHECKING:
    from spanbert_allen.formats.qa.question import Question

HELP = "score predictions by the official metrics"
EXAMPLE = "spanbert-allen score coref gold.conll out/predictions.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declares the tasks and their options. Each sets `score`, what finds the scores, and may set
    `lines`, how they are shown.
    """
    tasks = parser.add_subparsers(dest="task", required=True)
    score_coref.add_arguments(tasks.add_parser("coref", help=score_coref.HELP))
    score_relation.add_arguments(tasks.add_parser("relation", help=score_relation.HELP))
    qa = tasks.add_parser("qa", help="SQuAD 1.1, SQuAD 2.0, MRQA")
    qa.add_argument("gold", help="the annotated data: a SQuAD file, or one of MRQA's")
    qa.add_argument("predictions", help="the official file: a JSON object, id to text")
    qa.add_argument(
        "--null-odds",
        metavar="FILE",
        help="id to no-answer score, for SQuAD 2.0; without it all are 0, and best_exact, best_f1 "
        "and their thresholds are not given",
    )
    threshold = qa.add_mutually_exclusive_group()
    threshold.add_argument(
        "--threshold", type=float, metavar="X", help="of the no-answer score (default: 0)"
    )
    threshold.add_argument(
        "--tuned", action="store_true", help="take best_f1_thresh, the best threshold on this data"
    )
    qa.add_argument(
        "--mrqa", action="store_true", help="the data is MRQA's (default: see its name and header)"
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
    if arguments.out:
        with replace_file(arguments.out) as file:
            file.write(json.dumps(scores, indent=2) + "\n")
    for line in getattr(arguments, "lines", _aligned)(scores):
        print(line)
    return 0


def _aligned(scores: dict[str, float]) -> Iterator[str]:
    """A score a line."""
    texts = {
        name: f"{value:.{0 if name.endswith('total') else 2}f}" for name, value in scores.items()
    }
    width, places = (max(map(len, some)) for some in (texts, texts.values()))
    for name, text in texts.items():
        yield f"{name.ljust(width)}  {text.rjust(places)}"


def _score_qa(arguments: argparse.Namespace) -> dict[str, float]:
    from spanbert_allen.common.errors import ConfigError, DataError
    from spanbert_allen.formats.qa.mrqa import read_mrqa
    from spanbert_allen.formats.qa.squad import read_squad
    from spanbert_allen.metrics.qa.files import score_predictions

    if not arguments.null_odds and (arguments.tuned or arguments.threshold is not None):
        raise ConfigError("--threshold and --tuned need no-answer scores; add --null-odds FILE")
    predictions = _by_id(arguments.predictions, _text)
    odds = _by_id(arguments.null_odds, _number) if arguments.null_odds else None
    if odds is not None:
        for name in predictions:
            if name not in odds:
                raise DataError(
                    f"question {name} has a prediction, but no score here; give the file that was "
                    f"written with {arguments.predictions}",
                    arguments.null_odds,
                )
    is_mrqa = arguments.mrqa or _is_mrqa(arguments.gold)
    threshold = None if arguments.tuned else arguments.threshold or 0.0
    found = score_predictions(
        _annotated((read_mrqa if is_mrqa else read_squad)(arguments.gold), arguments.gold),
        predictions,
        odds,
        flavour="mrqa" if is_mrqa else "squad",
        threshold=threshold,
        answered_only=arguments.answered_only,
    )
    treated = "left out" if arguments.answered_only else "counted as wrong"
    _warn(found.missing, f"questions without a prediction, {treated}")
    _warn(found.unknown, "predictions for no question of the data, passed over")
    if odds is not None and "NoAns_total" not in found.scores:
        print("warning: every question has an answer; --null-odds changes nothing", file=sys.stderr)
    return found.scores


def _is_mrqa(path: str) -> bool:
    """By its first key, or, where that says nothing, by its name."""
    from spanbert_allen.formats.qa.detection import qa_layout

    layout = qa_layout(path)
    return layout == "mrqa" or (layout == "records" and path.endswith((".jsonl", ".jsonl.gz")))


def _annotated(questions: Iterable[Question], path: str) -> Iterator[Question]:
    """The questions, if there are any and all can be scored."""
    from spanbert_allen.common.errors import DataError

    number = 0
    for number, question in enumerate(questions, start=1):  # noqa: B007 (counted for below)
        if not question.is_annotated:
            raise DataError(
                f"{question.place}: it has no `answers` to score by; give the annotated data"
            )
        yield question
    if not number:
        raise DataError("holds no questions; give the annotated data", path)


def _warn(ids: list[str], what: str) -> None:
    if ids:
        print(f"warning: {what}: {len(ids)}; the first: {ids[0]}", file=sys.stderr)


def _by_id(path: str, check: Callable[[Any], str | None]) -> dict[str, Any]:
    """A JSON object whose values pass the check, which says what they must be."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.files import read_lines
    from spanbert_allen.common.record_checks import shown

    text = "\n".join(line for _, line in read_lines(path))
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"not JSON ({error}); give one JSON object with a key for each question's id", path
        ) from error
    if not isinstance(values, dict):
        raise DataError(f"holds {shown(values)}; it must be one object by question ids", path)
    for name, value in values.items():
        wanted = check(value)
        if wanted is not None:
            raise DataError(f"question {name}: {shown(value)} must be {wanted}", path)
    return values


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "a text"


def _number(value: Any) -> str | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if is_number and math.isfinite(value) else "a finite number"
