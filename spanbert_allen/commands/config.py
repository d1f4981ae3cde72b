"""`spanbert-allen config`: the training configurations that come with this package."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import STANDARD_STREAM, replace_file
from spanbert_allen.shipped_configs import config_names, find_config, standalone_text, summary

HELP = "list the shipped training configurations, print the path of one, or copy it"
EXAMPLE = "spanbert-allen train $(spanbert-allen config quickstart/coref) -s out/run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="?", help="a name of the list, e.g. coref/own_data")
    parser.add_argument(
        "--copy",
        metavar="FILE",
        type=Path,
        help="write a copy to change, which imports the installed libraries",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or the path of the named one; or write the copy. Return the exit status."""
    if arguments.name is None:
        if arguments.copy is not None:
            raise ConfigError(
                "--copy needs the name of a configuration: see `spanbert-allen config`"
            )
        names = config_names()
        width = max(map(len, names))
        for name in names:
            print(f"{name.ljust(width)}  {summary(name)}".rstrip())
        return 0
    if arguments.copy is None:
        print(find_config(arguments.name))
        return 0
    text = standalone_text(arguments.name)
    if arguments.copy.exists():
        raise ConfigError(f"{arguments.copy} is there already: remove it, or choose another name")
    with replace_file(arguments.copy) as file:
        file.write(text)
    if str(arguments.copy) != STANDARD_STREAM:
        then = f"`{shlex.join(['spanbert-allen', 'train', str(arguments.copy), '-s', 'out/run'])}`"
        print(f"wrote {arguments.copy}: change it, then {then}")
    return 0
