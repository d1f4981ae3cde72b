"""`spanbert-allen corpus`: raw text to a corpus for pre-training."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import find_files

HELP = "make a corpus for pre-training of files of raw text"
EXAMPLE = "spanbert-allen corpus texts/*.txt --out out/corpus --encoder minilm"

TEXT_SUFFIXES = (".txt", ".jsonl")
_SECONDS_BETWEEN_LINES = 2


def add_text_arguments(parser: argparse.ArgumentParser, *, out: str = "the folder to make") -> None:
    """Declare the options of commands that read raw texts; `out` says what they make."""
    from spanbert_allen.formats.pretraining.texts import LAYOUTS

    parser.add_argument(
        "sources",
        nargs="+",
        metavar="FILE",
        help="plain text or JSON lines with `text`, packed (.gz) or not, or folders of such files",
    )
    parser.add_argument("--out", required=True, help=out)
    parser.add_argument(
        "--documents",
        choices=LAYOUTS,
        default="files",
        help="what plain text looks like (default: %(default)s); "
        + "; ".join(f"{name}: {what}" for name, what in LAYOUTS.items()),
    )


def text_files(arguments: argparse.Namespace) -> list[str | Path]:
    """Return the files of text that a command is given."""
    found = (find_files(path, suffixes=TEXT_SUFFIXES) for path in arguments.sources)
    return list(chain.from_iterable(found))


def file_progress(sources: Sequence[str | Path]) -> Callable[[int, int, int], None]:
    """Return a function that shows how far the files are read; see `corpus_building.OnPart`."""
    started = shown = time.monotonic()
    sizes = [Path(source).stat().st_size for source in sources]

    def show(done: int, total: int, words: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _SECONDS_BETWEEN_LINES and done < total:
            return
        shown, seconds = now, now - started
        read = sum(sizes[:done]) / max(1, sum(sizes))
        left = seconds / max(read, 1e-9) * (1 - read)
        line = f"{done} of {total} files, {words:,} words, {words / seconds:,.0f} words/s, "
        print(f"{line}{left:.0f} s left", file=sys.stderr)

    return show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_text_arguments(parser)
    parser.add_argument(
        "--encoder", required=True, help="whose vocabulary is used: an alias, a folder or a hub id"
    )
    parser.add_argument("--vocabulary", help="its vocab.txt, if it comes without")
    parser.add_argument(
        "--processes", type=int, default=1, help="files read at a time (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the corpus, show how far it is, and return the exit status."""
    from spanbert_allen.data.pretraining.corpus_building import CorpusSettings, build_corpus

    if arguments.processes < 1:
        raise ConfigError(f"--processes is {arguments.processes}: it must be 1 or more")
    sources = text_files(arguments)
    settings = CorpusSettings(
        encoder=arguments.encoder, layout=arguments.documents, vocabulary=arguments.vocabulary
    )
    made = build_corpus(
        sources,
        arguments.out,
        settings,
        processes=arguments.processes,
        on_part=file_progress(sources),
    )
    print(
        f"{Path(arguments.out)}: {made.num_documents:,} documents, "
        f"{made.num_sentences:,} sentences, {made.num_words:,} words, {made.num_pieces:,} pieces"
    )
    return 0
