"""Relation files of any layout to JSON lines of the project's own."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanbert_allen.common.errors import DataError

_OF_COREF = {
    "source_format": "--from",
    "drop_singletons": "--drop-singletons",
    "model": "--model",
    "vocabulary": "--vocabulary",
    "gap": "--gap",
}


def convert_relations(arguments: argparse.Namespace) -> int:
    """Write the file; the exit status is 1 if something bad was left out."""
    from spanbert_allen.common.errors import ConfigError, DataError
    from spanbert_allen.common.files import replace_file
    from spanbert_allen.common.outputs import refuse_overwriting

    if arguments.target_format not in (None, "jsonl"):
        raise ConfigError("--to: relations are only written as jsonl; leave --to out")
    for name, option in _OF_COREF.items():
        if getattr(arguments, name):
            raise ConfigError(f"{option} is for coreference; leave it out with --task relation")
    refuse_overwriting(arguments.target, [arguments.source])
    lost: Counter[str] = Counter()
    bad: list[DataError] = []
    num_written = 0
    with replace_file(arguments.target) as file:
        for line in _lines(arguments, lost, bad):
            file.write(line)
            num_written += 1
        if arguments.strict and lost:
            what = "; ".join(f"{name}: {count}" for name, count in lost.items())
            raise DataError(f"--strict, and jsonl does not hold {what}", arguments.source)
        if not num_written:
            first = f"; the first mistake: {bad[0]}" if bad else ""
            raise DataError(
                f"holds no relations, so {arguments.target} is not written{first}", arguments.source
            )
    sentences = [f"lost: {name}: {count}" for name, count in lost.items()]
    if bad:
        sentences.append(f"{len(bad)} bad records left out; the first mistake: {bad[0]}")
    sentences.append(f"{num_written} examples written to {arguments.target}")
    print("\n".join(sentences), file=sys.stderr)
    return 1 if bad else 0


def _lines(
    arguments: argparse.Namespace, lost: Counter[str], bad: list[DataError]
) -> Iterator[str]:
    """Yield a line for each example; what is lost and what is bad is added to the last two."""
    from spanbert_allen.common.errors import DataError
    from spanbert_allen.common.files import find_files, json_line
    from spanbert_allen.common.folder_names import FolderNames
    from spanbert_allen.formats.relation.detection import SUFFIXES, read_relations
    from spanbert_allen.formats.relation.jsonl import relation_record

    on_problem = bad.append if arguments.skip_bad else None
    files = find_files(arguments.source, suffixes=SUFFIXES)
    names = FolderNames(arguments.source, files)
    for path in files:
        try:
            for example in read_relations(path, language=arguments.language, on_problem=on_problem):
                if example.text is None and example.sentence_ids and example.sentence_ids[-1]:
                    lost["sentences of words (examples)"] += 1
                yield json_line(relation_record(names.named(example, path, field="id")))
        except DataError as error:
            if not arguments.skip_bad:
                hint = "; --skip-bad leaves bad records out"
                raise DataError(error.problem + hint, error.path, error.line) from error
            bad.append(error)
