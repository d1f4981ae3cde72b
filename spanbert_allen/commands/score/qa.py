"""Score question answering as the official programs of SQuAD and MRQA do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanbert_allen.formats.qa.question import Question

HELP = "SQuAD 1.1, SQuAD 2.0, MRQA"

_RESULT = '{"schema": "spanbert_allen.'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("gold", help="the annotated data: a SQuAD file, or one of MRQA's")
    parser.add_argument("predictions", help="the official file: a JSON object, id to text")
    parser.add_argument(
        "--null-odds",
        metavar="FILE",
        help="id to no-answer score, for SQuAD 2.0; without it all are 0, and best_exact, best_f1 "
        "and their thresholds are not given",
    )
    threshold = parser.add_mutually_exclusive_group()
    threshold.add_argument(
        "--threshold",
        type=float,
        metavar="X",
        help="answer with nothing where the no-answer score is above X (default: 0)",
    )
    threshold.add_argument(
        "--tuned", action="store_true", help="take best_f1_thresh, the best threshold on this data"
    )
    parser.add_argument(
        "--mrqa", action="store_true", help="the data is MRQA's (default: see its name and header)"
    )
    parser.add_argument(
        "--answered-only",
        action="store_true",
        help="leave questions without a prediction out (default: they are wrong)",
    )
    parser.add_argument("--out", metavar="FILE", help="write the scores, not rounded, as JSON")
    parser.set_defaults(score=_score)


def _score(arguments: argparse.Namespace) -> dict[str, float]:
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.formats.qa.mrqa import read_mrqa
    from spanbert_allen.formats.qa.squad import read_squad
    from spanbert_allen.metrics.qa.files import score_predictions

    if not arguments.null_odds and (arguments.tuned or arguments.threshold is not None):
        raise ConfigError("--threshold and --tuned need no-answer scores; add --null-odds FILE")
    is_mrqa = arguments.mrqa or _is_mrqa(arguments.gold)
    if is_mrqa and arguments.null_odds:
        raise ConfigError("MRQA's scores know no threshold; leave --null-odds out")
    predictions = _by_id(arguments.predictions, _text)
    odds = _no_answer_scores(arguments, predictions) if arguments.null_odds else None
    found = score_predictions(
        _annotated((read_mrqa if is_mrqa else read_squad)(arguments.gold), arguments.gold),
        predictions,
        odds,
        flavour="mrqa" if is_mrqa else "squad",
        threshold=None if arguments.tuned else arguments.threshold or 0.0,
        answered_only=arguments.answered_only,
    )
    treated = "left out" if arguments.answered_only else "counted as wrong"
    _warn(found.missing, f"questions without a prediction, {treated}")
    _warn(found.unknown, "predictions for no question of the data, passed over")
    if found.scores.get("NoAns_total") and found.always_answers:
        print(
            "warning: some questions have no answer, but every prediction is one; add --null-odds "
            "FILE, or, if the model always answers, set its `impossible_answers` to true",
            file=sys.stderr,
        )
    return found.scores


def _no_answer_scores(
    arguments: argparse.Namespace, predictions: dict[str, Any]
) -> dict[str, float]:
    """Return the no-answer scores, one for each prediction at least."""
    from spanbert_allen.common.errors import DataError

    odds = _by_id(arguments.null_odds, _number)
    for name in predictions:
        if name not in odds:
            raise DataError(
                f"question {name} has a prediction, but no score here; give the file that was "
                f"written with {arguments.predictions}",
                arguments.null_odds,
            )
    return odds


def _is_mrqa(path: str) -> bool:
    """Return whether a file is MRQA's by its first key, or, where that says nothing, its name."""
    from spanbert_allen.formats.qa.detection import qa_layout

    layout = qa_layout(path)
    return layout == "mrqa" or (layout == "records" and path.endswith((".jsonl", ".jsonl.gz")))


def _annotated(questions: Iterable[Question], path: str) -> Iterator[Question]:
    """Yield the questions, if there are any and all can be scored."""
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
    """Return a JSON object whose values pass the check, which says what they must be."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.files import read_lines
    from spanbert_allen.common.record_checks import shown

    text = "\n".join(line for _, line in read_lines(path))
    if text.startswith(_RESULT):
        raise DataError(
            "holds results, one a line, where the official file is needed: predict a file of SQuAD "
            "or MRQA with an --output-file whose name ends in .json",
            path,
        )
    try:
        values = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, path))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"not JSON ({str(error)[:80]}); give one JSON object with a key for each question's id",
            path,
        ) from error
    if not isinstance(values, dict):
        raise DataError(f"holds {shown(values)}; it must be one object by question ids", path)
    for name, value in values.items():
        wanted = check(value)
        if wanted is not None:
            raise DataError(f"question {name}: {shown(value)} must be {wanted}", path)
    return values


def _unique(pairs: list[tuple[str, Any]], path: str) -> dict[str, Any]:
    """Return an object of a JSON file; one with a key twice would lose a value silently."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.record_checks import shown

    places: dict[str, int] = {}
    for number, (name, _) in enumerate(pairs, start=1):
        first = places.setdefault(name, number)
        if first != number:
            raise DataError(
                f"question {shown(name)} is there twice, as entries {first} and {number}; keep one",
                path,
            )
    return dict(pairs)


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "a text"


def _number(value: Any) -> str | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # A whole number of hundreds of digits is no float.
    return None if is_number and abs(value) <= sys.float_info.max else "a finite number"
