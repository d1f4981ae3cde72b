"""`spanbert-allen install-allennlp`: the one step that `pip install spanbert-allen` cannot take."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import subprocess
import sys

from spanbert_allen.common.errors import UserError
from spanbert_allen.tested_versions import WITHOUT_DEPENDENCIES

HELP = "install AllenNLP beside this package, without the bounds that no current Python can meet"
EXAMPLE = "pip install spanbert-allen && spanbert-allen install-allennlp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--dry-run", action="store_true", help="print the command of pip without running it"
    )


def pip_command() -> list[str]:
    """
    Return the command that installs AllenNLP into the environment of this interpreter.

    Raises a `UserError` where that environment has no pip.
    """
    if importlib.util.find_spec("pip") is None:
        wanted = " ".join(name + bound for name, bound in WITHOUT_DEPENDENCIES.items())
        raise UserError(
            f"{sys.executable} has no pip: run `{sys.executable} -m ensurepip`, or install "
            f"{wanted} without their dependencies with the tool that you use"
        )
    pinned = [name + bound for name, bound in WITHOUT_DEPENDENCIES.items()]
    return [sys.executable, "-m", "pip", "install", "--no-deps", *pinned]


def run(arguments: argparse.Namespace) -> int:
    """Run pip; return its exit status."""
    command = pip_command()
    print(f"$ {shlex.join(command)}", flush=True)
    if arguments.dry_run:
        return 0
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        print(
            "AllenNLP is installed; its metadata asks for an old torch, so `pip check` complains, "
            "and rightly may: `spanbert-allen doctor` checks what counts"
        )
    return status
