"""Makes an archive of a fine-tuned model that others trained."""

from __future__ import annotations

import argparse

HELP = "make an archive of the authors' fine-tuned model, or of one of transformers'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("source", help="an authors' .tar.gz, a folder or a hub id")
    parser.add_argument("archive", help="the archive to write: NAME.tar.gz")
    parser.add_argument("--task", required=True, choices=["qa"], help="what it was trained for")
    parser.add_argument(
        "--impossible-answers", action="store_true", help="it was trained on SQuAD 2.0"
    )
    parser.add_argument(
        "--threshold", type=float, default=0.0, help="of the no-answer score (default: 0)"
    )
    parser.add_argument(
        "--max-length", type=int, default=512, help="pieces of a window (default: 512)"
    )
    parser.add_argument(
        "--vocabulary", help="a vocab.txt, a folder or a hub id, if the source has none"
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the archive; returns the exit status."""
    import spanbert_allen.plugin  # noqa: F401  our classes are registered
    from spanbert_allen.conversion import TASKS, import_model

    import_model(
        arguments.source,
        arguments.archive,
        TASKS[arguments.task],
        vocabulary=arguments.vocabulary,
        max_length=arguments.max_length,
        impossible_answers=arguments.impossible_answers,
        threshold=arguments.threshold,
    )
    print(arguments.archive)
    return 0
