"""Coreference files from one format to another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.formats.coref.document import CorefDocument
    from spanbert_allen.formats.coref.format import CorefFormat
    from spanbert_allen.formats.coref.lossy import Losses

HELP = "convert coreference files between formats"
EXAMPLE = "spanbert-allen convert train.jsonl train.conll --to conll"
GAP_PREDICTIONS = "gap-predictions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    from spanbert_allen.formats.coref.registry import FORMATS, coref_formats

    abouts = "\n".join(f"  {name:<21}{one.about}" for name, one in coref_formats().items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        f"formats:\n{abouts}\n"
        f"  {GAP_PREDICTIONS:<21}what GAP's scorer reads, of the rows of --gap; written only"
    )
    parser.add_argument(
        "source",
        help="what to read: a file, packed (.gz) or not; a folder of files; - is standard input",
    )
    parser.add_argument("target", help="the file to write; - is standard output")
    parser.add_argument(
        "--from", dest="source_format", choices=FORMATS, help="default: what the first line tells"
    )
    parser.add_argument(
        "--to", dest="target_format", required=True, choices=_targets(), metavar="FORMAT"
    )
    parser.add_argument("--language", default="en", help="of texts (default: %(default)s)")
    parser.add_argument("--drop-singletons", action="store_true", help="clusters of one mention")
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave bad documents out; the exit status is 1"
    )
    parser.add_argument(
        "--strict", action="store_true", help="write nothing if anything would be lost"
    )
    pieces = parser.add_argument_group("for --to minimised")
    pieces.add_argument("--model", help="the encoder whose word pieces are written")
    pieces.add_argument("--vocabulary", help="its vocab.txt, if it comes without")
    pieces.add_argument(
        "--segment-length", type=int, default=384, help="pieces (default: %(default)s)"
    )
    parser.add_argument("--gap", metavar="FILE", help=f"GAP's file, for --to {GAP_PREDICTIONS}")


def run(arguments: argparse.Namespace) -> int:
    """Writes the file; the exit status is 1 if documents were left out."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.files import replace_file
    from spanbert_allen.formats.coref.lossy import Losses

    bad: list[DataError] = []
    losses: Losses = Losses()
    counts = Counts()
    documents = counts.read(_documents(arguments, bad))
    with replace_file(arguments.target) as file:
        file.writelines(_lines(documents, arguments, losses, counts))
        if not counts.read_documents and not bad:
            raise DataError("holds no documents", arguments.source)
        if arguments.strict and losses:
            lost = "; ".join(f"{what}: {count}" for what, count in losses.items())
            raise DataError(f"--strict, and {arguments.target_format} does not hold {lost}")
    for what, count in losses.items():
        _say(f"lost: {what}: {count}")
    if bad:
        _say(f"{len(bad)} mistakes, whose documents are left out; the first: {bad[0]}")
    _say(f"{counts.written} documents of {counts.read_documents} written")
    return 1 if bad or counts.written < counts.read_documents else 0


class Counts:
    """Documents read and written."""

    def __init__(self) -> None:
        self.read_documents = 0
        self.written = 0

    def read(self, documents: Iterable[CorefDocument]) -> Iterator[CorefDocument]:
        """The same documents, counted."""
        for document in documents:
            self.read_documents += 1
            yield document


def _targets() -> list[str]:
    from spanbert_allen.formats.coref.registry import coref_formats

    writable = [name for name, one in coref_formats().items() if one.lines is not None]
    return [*writable, "minimised", GAP_PREDICTIONS]


def _documents(arguments: argparse.Namespace, bad: list[DataError]) -> Iterator[CorefDocument]:
    from spanbert_allen.common.files import find_files
    from spanbert_allen.formats.coref.detection import detect_format
    from spanbert_allen.formats.coref.findings import Findings
    from spanbert_allen.formats.coref.registry import SUFFIXES, find_format

    class Skipped(Findings):
        def problem(self, error: DataError) -> None:
            bad.append(error)

    findings = Skipped() if arguments.skip_bad else Findings()
    named = arguments.source_format
    for path in find_files(arguments.source, suffixes=SUFFIXES):
        source = find_format(named) if named else detect_format(path)
        for document in source.read(path, language=arguments.language, findings=findings):
            yield document.without_singletons() if arguments.drop_singletons else document


def _lines(
    documents: Iterable[CorefDocument],
    arguments: argparse.Namespace,
    losses: Losses,
    counts: Counts,
) -> Iterator[str]:
    """What stands in the target file."""
    if arguments.target_format == GAP_PREDICTIONS:
        yield from _gap_predictions(documents, arguments, losses, counts)
        return
    target = _target(arguments, losses)
    assert target.lines is not None
    yield target.head
    for document in documents:
        fitted = target.fit(document, losses)
        if fitted is not None:
            counts.written += 1
            yield target.lines(fitted)


def _target(arguments: argparse.Namespace, losses: Losses) -> CorefFormat:
    """The format to write, with an encoder's pieces where it needs them."""
    from dataclasses import replace

    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.formats.coref.format import json_line
    from spanbert_allen.formats.coref.registry import find_format

    target = find_format(arguments.target_format, language=arguments.language)
    if target.name != "minimised":
        return target
    if arguments.model is None:
        raise ConfigError(
            "--to minimised writes the word pieces of an encoder: name it with --model, e.g. "
            "--model spanbert-base-cased"
        )
    from spanbert_allen.data.coref.minimised import MinimisedMaker

    maker = MinimisedMaker(
        arguments.model,
        segment_length=arguments.segment_length,
        vocabulary=arguments.vocabulary,
    )
    return replace(
        target, lines=lambda document: json_line(maker.make(document, losses).to_record())
    )


def _gap_predictions(
    documents: Iterable[CorefDocument],
    arguments: argparse.Namespace,
    losses: Losses,
    counts: Counts,
) -> Iterator[str]:
    from spanbert_allen.common.errors import ConfigError, DataError
    from spanbert_allen.formats.coref.gap import prediction_lines, read_gap_examples

    if arguments.gap is None:
        raise ConfigError(f"--to {GAP_PREDICTIONS} needs the rows to predict: add --gap FILE")
    examples = {example.id: example for example in read_gap_examples(arguments.gap)}
    clusters = {}
    for document in documents:
        example = examples.get(document.doc_key)
        if example is None or example.text != document.text:
            raise DataError(
                f"document {document.doc_key} is not the row of that name in {arguments.gap}: give "
                "predictions on the texts of that file, named by their ids",
                arguments.source,
            )
        clusters[document.doc_key] = [
            [document.chars_of(mention) for mention in one] for one in document.clusters or ()
        ]
        counts.written += 1
    if len(clusters) < len(examples):
        losses["rows without a prediction, which are FALSE"] += len(examples) - len(clusters)
    yield from prediction_lines(examples.values(), clusters)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
