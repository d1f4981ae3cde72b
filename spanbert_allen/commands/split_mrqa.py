"""Halve MRQA's dev sets into dev and test."""

from __future__ import annotations

import argparse

HELP = "halve MRQA's dev sets into dev and test, by a seed"
EXAMPLE = "spanbert-allen split-mrqa dev/*.jsonl.gz --out halves --seed 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("sources", nargs="*", help="MRQA files, packed or not")
    parser.add_argument("--out", default="mrqa_halves", help="the folder (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument(
        "--check",
        metavar="MANIFEST",
        help="read the halves beside it again and compare, and write nothing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write or check the halves; returns the exit status."""
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.formats.qa.mrqa_split import check_manifest, split_files

    if arguments.check and arguments.sources:
        raise ConfigError("--check reads what is there; leave the files to halve out")
    if arguments.check:
        print(f"{check_manifest(arguments.check)} halves are as they were written")
        return 0
    if not arguments.sources:
        raise ConfigError("name the files to halve, or --check and a manifest")
    for path in split_files(arguments.sources, arguments.out, seed=arguments.seed):
        print(path)
    return 0
