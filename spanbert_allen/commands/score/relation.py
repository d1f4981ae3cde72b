"""`spanbert-allen score relation`: labels of one file against those of another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from spanbert_allen.formats.relation.example import NO_RELATION

if TYPE_CHECKING:
    from spanbert_allen.metrics.label_score import LabelScore
    from spanbert_allen.metrics.relation.scores import Confusion

HELP = "relations: TACRED's micro F1, SemEval-2010 Task 8's macro F1"

_NAMES = ("precision", "recall", "f1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "gold",
        help="the annotated data: TACRED's or SemEval's layout, JSON lines, or `id<TAB>label`",
    )
    parser.add_argument(
        "predictions", help="`id<TAB>label`, or JSON lines that `allennlp predict` wrote"
    )
    parser.add_argument(
        "--negative-label",
        metavar="LABEL",
        default=NO_RELATION,
        help=f"the label for no relation (default: {NO_RELATION}); '' if the data has none",
    )
    parser.add_argument(
        "--semeval2010",
        action="store_true",
        help="also SemEval-2010 Task 8's official score, macro_f1; Other is the negative label, "
        "and labels that are not the task's are an error, as in the official program",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="with --semeval2010: also strict_f1, where each direction is a label of its own",
    )
    parser.add_argument("--by-label", action="store_true", help="also print a row for each label")
    parser.add_argument(
        "--missing-as-negative",
        action="store_true",
        help="count examples without a prediction as without a relation (default: an error)",
    )
    parser.add_argument("--out", metavar="FILE", help="write the scores, not rounded, as JSON")
    parser.set_defaults(score=_score, lines=_lines)


def _score(arguments: argparse.Namespace) -> dict[str, Any]:
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.metrics.relation.scores import accuracy, label_scores, micro_score
    from spanbert_allen.metrics.relation.semeval_scores import (
        semeval_label_scores,
        semeval_macro,
        strict_macro,
    )

    if arguments.strict and not arguments.semeval2010:
        raise ConfigError("--strict counts directions of SemEval's relations; add --semeval2010")
    negative = arguments.negative_label or None
    confusion = _confusion(arguments, negative)
    micro = micro_score(confusion, negative)
    scores: dict[str, Any] = {name: 100 * getattr(micro, name) for name in _NAMES}
    scores["accuracy"] = 100 * accuracy(confusion)
    if arguments.semeval2010:
        macro = semeval_macro(confusion, negative)
        scores |= {f"macro_{name}": 100 * part for name, part in zip(_NAMES, macro, strict=True)}
    if arguments.strict:
        parts = strict_macro(confusion, negative)
        scores |= {f"strict_{name}": 100 * part for name, part in zip(_NAMES, parts, strict=True)}
    scores["total"] = sum(confusion.values())
    if arguments.by_label:
        scores["labels"] = _rows(label_scores(confusion))
        if arguments.semeval2010:
            scores["relations"] = _rows(semeval_label_scores(confusion, negative))
    return scores


def _rows(scores: Mapping[str, LabelScore]) -> dict[str, dict[str, float]]:
    return {
        label: {name: 100 * getattr(score, name) for name in _NAMES}
        | {"predicted": score.num_predicted, "gold": score.num_gold}
        for label, score in scores.items()
    }


def _lines(scores: Mapping[str, Any]) -> Iterator[str]:
    single = {name: value for name, value in scores.items() if not isinstance(value, dict)}
    width = max(map(len, single))
    for name, value in single.items():
        yield f"{name.ljust(width)}  {value:6.{0 if name == 'total' else 2}f}"
    for kind in ("labels", "relations"):
        if kind not in scores:
            continue
        width = max(map(len, [kind, *scores[kind]]))
        yield ""
        yield f"{kind.ljust(width)}  precision  recall      f1  predicted    gold"
        for label, row in scores[kind].items():
            parts = [f"{row['precision']:9.2f}", f"{row['recall']:6.2f}", f"{row['f1']:6.2f}"]
            parts += [f"{row['predicted']:9d}", f"{row['gold']:6d}"]
            yield f"{label.ljust(width)}  {'  '.join(parts)}"


def _confusion(arguments: argparse.Namespace, negative: str | None) -> Confusion:
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.formats.relation.labels import read_labels
    from spanbert_allen.metrics.relation.scores import count_pairs

    gold = read_labels(arguments.gold)
    predicted = read_labels(arguments.predictions)
    missing = [name for name in gold if name not in predicted]
    if missing and (negative is None or not arguments.missing_as_negative):
        raise DataError(
            f"{len(missing)} of {len(gold)} examples of {arguments.gold} have no prediction; the "
            f"first: {missing[0]}; predict them, or add --missing-as-negative",
            arguments.predictions,
        )
    _warn(missing, "examples without a prediction, counted as without relation")
    unknown = [name for name in predicted if name not in gold]
    _warn(unknown, "predictions for no example of the data, ignored")
    if arguments.semeval2010:
        for labels, path in ((gold, arguments.gold), (predicted, arguments.predictions)):
            _use_other(labels, path, negative)
    _check_negative(gold, negative)
    return count_pairs((label, predicted.get(name, str(negative))) for name, label in gold.items())


def _use_other(labels: dict[str, str], path: str, negative: str | None) -> None:
    """Call Other as the negative label is called; raise a `DataError` for a label of no task."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.record_checks import shown
    from spanbert_allen.metrics.relation.semeval_scores import OTHER, is_official

    for name, label in labels.items():
        if label in (OTHER, NO_RELATION, negative):
            labels[name] = str(negative)
        elif not is_official(label):
            raise DataError(
                f"the label {shown(label)} of {name} is none of SemEval-2010 Task 8, which has "
                "nine relations with a direction, such as Cause-Effect(e1,e2), and Other; correct "
                "it, or leave --semeval2010 out",
                path,
            )


def _check_negative(gold: Mapping[str, str], negative: str | None) -> None:
    """Warn of a negative label that is hardly that of the data."""
    from collections import Counter

    from spanbert_allen.formats.relation.negative_label import negative_label_problem

    problem = negative_label_problem(Counter(gold.values()), negative)
    if problem is not None:
        print(
            f"warning: {problem}; give --negative-label the label for no relation of the data, or "
            "'' if it has none",
            file=sys.stderr,
        )


def _warn(ids: list[str], what: str) -> None:
    if ids:
        print(f"warning: {what}: {len(ids)}; the first: {ids[0]}", file=sys.stderr)
