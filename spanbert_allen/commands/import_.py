"""Makes an archive of a fine-tuned model that others trained."""

from __future__ import annotations

import argparse

from spanbert_allen.commands import import_coref

HELP = "make an archive of a model that others trained: the authors', transformers', AllenNLP's"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("source", help="an authors' .tar.gz, a folder or a hub id")
    parser.add_argument("archive", help="the archive to write: NAME.tar.gz")
    parser.add_argument(
        "--task", required=True, choices=["qa", "coref"], help="what it was trained for"
    )
    parser.add_argument(
        "--impossible-answers", action="store_true", help="it was trained on SQuAD 2.0"
    )
    parser.add_argument(
        "--threshold", type=float, default=0.0, help="of the no-answer score (default: 0)"
    )
    parser.add_argument(
        "--max-length",
        type=int,
        help="pieces of a window or segment (default: 512; coref of a base size: 384)",
    )
    parser.add_argument(
        "--vocabulary", help="a vocab.txt, a folder or a hub id, if the source has none"
    )
    import_coref.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Writes the archive; returns the exit status."""
    if arguments.task == "coref":
        return import_coref.run(arguments)
    import spanbert_allen.plugin  # noqa: F401  our classes are registered
    from spanbert_allen.conversion import TASKS, import_model

    import_model(
        arguments.source,
        arguments.archive,
        TASKS[arguments.task],
        vocabulary=arguments.vocabulary,
        max_length=arguments.max_length or 512,
        impossible_answers=arguments.impossible_answers,
        threshold=arguments.threshold,
    )
    print(arguments.archive)
    return 0
