"""Write the sample corpus in the layouts that the readers take."""

from __future__ import annotations

import argparse

HELP = "write the sample corpus as coreference, question answering and relation files"
EXAMPLE = "spanbert-allen sample out/quickstart/data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default="sample", help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    from spanbert_allen.sample_corpus.layouts import write_sample

    for path in write_sample(arguments.folder):
        print(path)
    return 0
