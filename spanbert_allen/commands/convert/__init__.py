"""`spanbert-allen convert`: coreference and relation files from one format to another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from spanbert_allen.common.errors import DataError
    from spanbert_allen.formats.coref.document import CorefDocument
    from spanbert_allen.formats.coref.format import CorefFormat
    from spanbert_allen.formats.coref.lossy import Dropped

HELP = "convert coreference and relation files between formats"
EXAMPLE = "spanbert-allen convert train.jsonl train.conll --to conll"
GAP_PREDICTIONS = "gap-predictions"
_OF_ONE_FORMAT = {"model": "minimised", "vocabulary": "minimised", "gap": GAP_PREDICTIONS}
"""The formats of the options that all others have no use for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from spanbert_allen.common.text import checked_language
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
        "--task",
        choices=("coref", "relation"),
        default="coref",
        help="relation: files of any layout of relations to JSON lines (default: %(default)s)",
    )
    parser.add_argument(
        "--from", dest="source_format", choices=FORMATS, help="default: what the first line tells"
    )
    parser.add_argument(
        "--to",
        dest="target_format",
        choices=_targets(),
        metavar="FORMAT",
        help="the format to write; relations are written as jsonl",
    )
    parser.add_argument(
        "--language",
        type=checked_language,
        default="en",
        help="of texts, as spaCy calls it (default: %(default)s)",
    )
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
    """Write the file; the exit status is 1 if documents were left out."""
    from spanbert_allen.commands.convert.relation import convert_relations
    from spanbert_allen.common.errors import ConfigError, DataError
    from spanbert_allen.common.files import replace_file
    from spanbert_allen.common.outputs import refuse_overwriting
    from spanbert_allen.formats.coref.lossy import Dropped

    if arguments.task == "relation":
        return convert_relations(arguments)
    if arguments.target_format is None:
        raise ConfigError(f"--to is missing; name the format to write: {', '.join(_targets())}")
    for name, only in _OF_ONE_FORMAT.items():
        if getattr(arguments, name) and arguments.target_format != only:
            raise ConfigError(f"--{name} is for --to {only}: give both, or leave --{name} out")
    inputs = [arguments.source, *([arguments.gap] if arguments.gap else [])]
    refuse_overwriting(arguments.target, inputs)
    source = _Source(arguments)
    dropped: Dropped = Dropped()
    written = _Counter()
    with replace_file(arguments.target) as file:
        file.writelines(_lines(source, arguments, dropped, written))
        lost = "; ".join(f"{what}: {count}" for what, count in dropped.items())
        if arguments.strict and dropped:
            raise DataError(f"--strict, and {arguments.target_format} does not hold {lost}")
        if not written.count:
            raise DataError(_nothing(source, arguments, lost), arguments.source)
    for what, count in dropped.items():
        _say(f"lost: {what}: {count}")
    if source.bad:
        _say(f"{source.num_left_out} bad documents left out; the first mistake: {source.bad[0]}")
    found = source.num_read + source.num_left_out
    _say(f"{written.count} documents of {found} written to {arguments.target}")
    return 1 if source.bad or written.count < found else 0


def _nothing(source: _Source, arguments: argparse.Namespace, lost: str) -> str:
    """Return why no document was written."""
    stays = f", so {arguments.target} is not written"
    if source.bad:
        return f"no document is without a mistake{stays}; the first mistake: {source.bad[0]}"
    if source.num_read:
        return f"no document fits {arguments.target_format}{stays} ({lost})"
    return f"holds no documents{stays}"


class _Counter:
    """Count the documents that were written."""

    count = 0


class _Source:
    """
    Iterate over the documents of the source, a file or a folder.

    # Parameters

    arguments : `argparse.Namespace`
        Those of the command. With `skip_bad`, what cannot be read is left out.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self.num_read = 0
        """How many documents were read."""
        self.num_left_out = 0
        """How many documents were left out; a file that cannot be read at all counts as one."""
        self.bad: list[DataError] = []
        """What was wrong with them."""

    def __iter__(self) -> Iterator[CorefDocument]:
        from spanbert_allen.common.errors import DataError
        from spanbert_allen.common.files import find_files
        from spanbert_allen.common.folder_names import FolderNames
        from spanbert_allen.formats.coref.registry import SUFFIXES

        files = find_files(self._arguments.source, suffixes=SUFFIXES)
        names = FolderNames(self._arguments.source, files)
        for path in files:
            try:
                for document in self._documents(path):
                    yield names.named(document, path, field="doc_key")
            except DataError as error:
                if not self._arguments.skip_bad:
                    hint = "; --skip-bad leaves bad documents out"
                    raise DataError(error.problem + hint, error.path, error.line) from error
                self.bad.append(error)
                self.num_left_out += 1

    def _documents(self, path: str | Path) -> Iterator[CorefDocument]:
        from spanbert_allen.formats.coref.detection import detect_format
        from spanbert_allen.formats.coref.findings import Findings
        from spanbert_allen.formats.coref.registry import find_format

        bad = self.bad

        class Skipped(Findings):
            def problem(self, error: DataError) -> None:
                bad.append(error)

        findings = Skipped() if self._arguments.skip_bad else Findings()
        named, language = self._arguments.source_format, self._arguments.language
        source = find_format(named) if named else detect_format(path)
        try:
            for document in source.read(path, language=language, findings=findings):
                self.num_read += 1
                drops = self._arguments.drop_singletons
                yield document.without_singletons() if drops else document
        finally:
            self.num_left_out += findings.num_bad_documents


def _targets() -> list[str]:
    from spanbert_allen.formats.coref.registry import coref_formats

    writable = [name for name, one in coref_formats().items() if one.lines is not None]
    return [*writable, "minimised", GAP_PREDICTIONS]


def _lines(
    documents: Iterable[CorefDocument],
    arguments: argparse.Namespace,
    dropped: Dropped,
    written: _Counter,
) -> Iterator[str]:
    """Return the text of the target file in parts."""
    if arguments.target_format == GAP_PREDICTIONS:
        yield from _gap_predictions(documents, arguments, dropped, written)
        return
    from spanbert_allen.formats.coref.lossy import NamesApart

    target = _target(arguments, dropped)
    assert target.lines is not None
    names = NamesApart()
    for document in documents:
        reduced = target.reduce(document, dropped)
        if reduced is not None:
            key = names.apart(reduced.doc_key, document.doc_key)
            if key != reduced.doc_key:
                dropped["names that others have, behind which a number is put (documents)"] += 1
                reduced = replace(reduced, doc_key=key)
            if not written.count:
                yield target.head
            written.count += 1
            yield target.lines(reduced)


def _target(arguments: argparse.Namespace, dropped: Dropped) -> CorefFormat:
    """Return the format to write, with an encoder's pieces where it needs them."""
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.common.files import json_line
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
        target, lines=lambda document: json_line(maker.make(document, dropped).to_record())
    )


def _gap_predictions(
    documents: Iterable[CorefDocument],
    arguments: argparse.Namespace,
    dropped: Dropped,
    written: _Counter,
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
        written.count += 1
    if len(clusters) < len(examples):
        dropped["rows without a prediction, which are FALSE"] += len(examples) - len(clusters)
    yield from prediction_lines(examples.values(), clusters)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
