"""`spanbert-allen score coref`: clusters of one file against those of another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanbert_allen.common.spans import WordSpan
    from spanbert_allen.formats.coref.clusterings import Clustering
    from spanbert_allen.metrics.coref.files import ClusteringScores

HELP = "coreference: MUC, B³, CEAF, BLANC, LEA and kinds of mistakes"

_MODES = {"with_singletons": True, "without_singletons": False}
_TITLES = {
    "mentions": "mentions",
    "muc": "MUC",
    "b_cubed": "B³",
    "ceafe": "CEAFe",
    "conll": "CoNLL",
    "lea": "LEA",
    "ceafm": "CEAFm",
    "blanc": "BLANC",
}
_DEFAULT_SAMPLES = 10_000
_MOST_NAMED = 5

Digits = Callable[[float], str]
"""What makes text of a figure from 0 to 1: percent with two digits."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "gold", help="the annotated data: CoNLL, or any other format that `convert` reads"
    )
    parser.add_argument(
        "predictions", help="the predicted clusters: what `allennlp predict` wrote, or such a file"
    )
    parser.add_argument("--by-document", action="store_true", help="also a row for each document")
    parser.add_argument(
        "--bootstrap",
        type=_positive,
        metavar="N",
        help="also 95 %% intervals of F1, over N samples of documents",
    )
    parser.add_argument(
        "--against",
        metavar="FILE",
        help="another system's predictions: also the difference to it, its 95 %% interval and its "
        f"p-value, over N samples (default: {_DEFAULT_SAMPLES})",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="what the samples are drawn from (default: 0)"
    )
    parser.add_argument(
        "--missing-as-empty",
        action="store_true",
        help="documents without a prediction count as predicted without clusters (default: an "
        "error)",
    )
    parser.add_argument(
        "--truncate",
        action="store_true",
        help="cut figures off after two digits, as the official scorer prints them, in place of "
        "rounding",
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        help="write a page of the mistakes: the annotated text beside the predicted one",
    )
    parser.add_argument("--out", metavar="FILE", help="write all of it, not rounded, as JSON")
    parser.set_defaults(score=_score)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of samples; give 1000 or so")
    return number


def _score(arguments: argparse.Namespace) -> dict[str, Any]:
    from spanbert_allen.formats.coref.clusterings import read_clusterings
    from spanbert_allen.formats.coref.same_words import in_the_same_words
    from spanbert_allen.metrics.coref.files import check_pairs, score_documents, total

    gold = read_clusterings(arguments.gold, annotated=True)
    _tell_repeated(gold, arguments.gold, "all of them count")
    files = [arguments.predictions, *([arguments.against] if arguments.against else [])]
    systems = []
    gold, read = in_the_same_words(gold, [read_clusterings(path) for path in files])
    for path, found in zip(files, read, strict=True):
        _tell_repeated(found, path, "the first counts")
        systems.append(check_pairs(gold, found, path, missing_as_empty=arguments.missing_as_empty))
        missing = sum(bool(one.failure) for one in systems[-1].values())
        if missing:
            print(
                f"warning: {path}: documents without a prediction, counted as predicted without "
                f"clusters: {missing}",
                file=sys.stderr,
            )
    if arguments.html:
        _write_page(gold, systems[0], arguments)
    scores: dict[str, Any] = {"documents": len(gold)}
    rows: dict[str, dict[str, Any]] = {name: {} for name in gold}
    for mode, keep_singletons in _MODES.items():
        ours, *others = (
            score_documents(gold, system, keep_singletons=keep_singletons) for system in systems
        )
        scores[mode] = total(ours).described() | _sampled(ours, others, arguments)
        for name, document in ours.items():
            rows[name][mode] = document.described()
    if arguments.by_document:
        scores["by_document"] = rows
    arguments.lines = partial(_lines, digits=_truncated if arguments.truncate else _rounded)
    return scores


def _write_page(
    gold: Mapping[str, Clustering],
    predicted: Mapping[str, Clustering],
    arguments: argparse.Namespace,
) -> None:
    """Write the page of mistakes."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.results.html.coref_errors import ComparedDocument, write_errors_html

    documents = []
    for name, annotated in gold.items():
        words = annotated.words or predicted[name].words
        if not words:
            raise DataError(
                f"the document {name} has no words to show on a page; give the annotated data with "
                "its words, or score without --html",
                arguments.gold,
            )
        documents.append(
            ComparedDocument(name, words, annotated.clusters, predicted[name].clusters)
        )
    write_errors_html(documents, arguments.html, title=f"Mistakes of {arguments.predictions}")


def _tell_repeated(found: Mapping[str, Clustering], path: str, treated: str) -> None:
    """Name mentions that a file's clusters repeat: version 8.01 refuses more than ten of them."""
    from spanbert_allen.formats.coref.clusterings import repeated_mentions

    places = [
        f"{name}: words {mention.start} to {mention.end}{_quoted(document, mention)}"
        for name, document in found.items()
        for mention in sorted(repeated_mentions(document))
    ]
    if places:
        more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
        print(
            f"warning: {path}: mentions repeated in several clusters or one, of which {treated}, "
            f"as for the official scorer: {len(places)} ({'; '.join(places[:_MOST_NAMED])}{more})",
            file=sys.stderr,
        )


def _quoted(document: Clustering, mention: WordSpan) -> str:
    words = document.words[mention.start : mention.end + 1]
    text = " ".join(words) if words else document.texts.get(mention, "")
    return f" {text[:40]!r}" if text else ""


def _rounded(number: float) -> str:
    return f"{100 * number:.2f}"


def _truncated(number: float) -> str:
    """Return a percentage as the official scorer's `int(10000 * x) / 100` prints it."""
    return f"{int(10000 * number) / 100:.2f}"


def _sampled(
    ours: Mapping[str, ClusteringScores],
    others: list[dict[str, ClusteringScores]],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Return what samples of documents say, where it is asked for."""
    from spanbert_allen.metrics.coref.files import counts_of, f1_scores
    from spanbert_allen.metrics.coref.resampling import bootstrap, compare

    found: dict[str, Any] = {}
    seed, samples = arguments.seed, arguments.bootstrap
    if samples:
        found["intervals"] = bootstrap(counts_of(ours), f1_scores, samples=samples, seed=seed)
    for theirs in others:
        compared = compare(
            counts_of(ours),
            counts_of(theirs),
            f1_scores,
            samples=samples or _DEFAULT_SAMPLES,
            seed=seed,
        )
        found["against"] = {name: result._asdict() for name, result in compared.items()}
    return found


def _lines(scores: dict[str, Any], *, digits: Digits) -> Iterator[str]:
    """Yield the report, a line at a time."""
    yield f"{scores['documents']} documents"
    for mode in _MODES:
        yield ""
        yield from _score_table(mode.replace("_", " "), scores[mode], digits)
    yield ""
    yield from _error_table({mode.replace("_", " "): scores[mode]["errors"] for mode in _MODES})
    for mode in _MODES:
        if "against" in scores[mode]:
            yield ""
            yield from _comparison_table(mode.replace("_", " "), scores[mode]["against"])
    if "by_document" in scores:
        for mode in _MODES:
            yield ""
            yield from _document_table(mode.replace("_", " "), mode, scores["by_document"], digits)


def _score_table(title: str, scores: Mapping[str, Any], digits: Digits) -> Iterator[str]:
    intervals = scores.get("intervals")
    yield f"{title:<20}{'precision':>10}{'recall':>10}{'F1':>10}" + (
        f"{'95 % interval':>18}" if intervals else ""
    )
    for name, shown in _TITLES.items():
        numbers = (scores[name][part] for part in ("precision", "recall", "f1"))
        row = f"{shown:<20}" + "".join(f"{digits(number):>10}" for number in numbers)
        yield row + (_interval(intervals[name]) if intervals else "")


def _error_table(errors: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    yield f"{'mistakes':<28}" + "".join(f"{title:>20}" for title in errors)
    first, *_ = errors.values()
    for name in first:
        row = "".join(f"{counts[name]:>20}" for counts in errors.values())
        yield f"{name.replace('_', ' '):<28}{row}"


def _comparison_table(title: str, compared: Mapping[str, Any]) -> Iterator[str]:
    yield f"against, {title:<22}{'F1':>10}{'95 % interval':>18}{'p':>10}"
    for name, shown in _TITLES.items():
        result = compared[name]
        yield (
            f"{shown:<31}{100 * result['difference']:+10.2f}{_interval(result['interval'])}"
            f"{result['p_value']:10.4f}"
        )


def _document_table(
    title: str, mode: str, rows: Mapping[str, Any], digits: Digits
) -> Iterator[str]:
    width = max(len(title) + 4, *map(len, rows))
    yield f"{'F1 ' + title:<{width}}" + "".join(f"{shown:>10}" for shown in _TITLES.values())
    for document, row in rows.items():
        numbers = "".join(f"{digits(row[mode][name]['f1']):>10}" for name in _TITLES)
        yield f"{document:<{width}}{numbers}"


def _interval(interval: tuple[float, float]) -> str:
    low, high = (f"{100 * number:.2f}" for number in interval)
    return f"{f'{low} to {high}':>18}"
