"""Write a trained model as a folder of transformers."""

from __future__ import annotations

import argparse

HELP = "write a trained model as a folder that transformers reads"
EXAMPLE = "spanbert-allen export out/qa/model.tar.gz out/hf"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("archive", help="a model.tar.gz")
    parser.add_argument("folder", help="the folder to make")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, and return the exit status."""
    import spanbert_allen.plugin  # noqa: F401  our classes are registered
    from spanbert_allen.conversion.exporting import export_archive

    export_archive(arguments.archive, arguments.folder)
    print(arguments.folder)
    return 0
