"""Fit what decides between labels on annotated data, and keep it in a new archive."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

HELP = "fit probabilities and thresholds on annotated data, and keep them in a new archive"
EXAMPLE = "spanbert-allen calibrate out/relation/model.tar.gz dev.json out/calibrated.tar.gz"

_FITTED = {
    "spanbert_qa": "qa",
    "spanbert_relation": "relation",
    "spanbert_sequence_classifier": "sequence",
}
"""The module here that fits a kind of model, by the name under which the model is registered."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("archive", help="a model.tar.gz")
    parser.add_argument("data", help="annotated data that the model was not trained with")
    parser.add_argument("out", help="the archive to write: NAME.tar.gz")
    parser.add_argument("--task", metavar="NAME", help="the task of a model of several")
    parser.add_argument(
        "--json", metavar="FILE", help="also write what was fitted, not rounded, as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the archive, print what was fitted, and return the exit status."""
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.common.files import STANDARD_STREAM, checked_target, replace_file
    from spanbert_allen.common.outputs import refuse_overwriting
    from spanbert_allen.common.paths import check_archive, check_place
    from spanbert_allen.loading import register

    register()
    from allennlp.models import load_archive

    from spanbert_allen.commands.calibrate.batches import archive_of_task
    from spanbert_allen.conversion.archive_settings import write_with_settings

    for written in filter(None, (arguments.out, arguments.json)):
        refuse_overwriting(written, [arguments.archive, arguments.data])
    check_archive(arguments.archive)  # before anything is computed
    if Path(arguments.out).exists():
        check_archive(arguments.out)
    check_place(arguments.out)
    if arguments.json and arguments.json != STANDARD_STREAM:
        checked_target(arguments.json)
    if arguments.json and Path(arguments.json).absolute() == Path(arguments.out).absolute():
        raise ConfigError(f"--json is {arguments.json}, the archive to write: name another file")
    archive = archive_of_task(load_archive(arguments.archive), arguments.task)
    kind = archive.config["model"]["type"]
    if kind not in _FITTED:
        raise ConfigError(
            f"{arguments.archive}: a model of type {kind} has nothing to fit; give one of type "
            f"{' or '.join(_FITTED)}"
        )
    fitting = import_module(f"spanbert_allen.commands.calibrate.{_FITTED[kind]}")
    fitted = fitting.fit(archive, arguments.data)
    write_with_settings(arguments.archive, arguments.out, fitted.settings, task=arguments.task)
    if arguments.json:
        with replace_file(arguments.json) as file:
            file.write(json.dumps(fitted.as_json(), indent=2) + "\n")
    print("\n".join([*fitted.lines(), arguments.out]))
    return 0
