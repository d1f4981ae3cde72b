"""Fit what decides between labels on annotated data, and keep it in a new archive."""

from __future__ import annotations

import argparse
from importlib import import_module

HELP = "fit the threshold for no relation on annotated data, and keep it in a new archive"
EXAMPLE = "spanbert-allen calibrate out/relation/model.tar.gz dev.json out/calibrated.tar.gz"

_FITTED = {"spanbert_relation": "relation"}
"""The module here that fits a kind of model, by the name under which the model is registered."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("archive", help="a model.tar.gz")
    parser.add_argument("data", help="annotated data that the model was not trained with")
    parser.add_argument("out", help="the archive to write: NAME.tar.gz")


def run(arguments: argparse.Namespace) -> int:
    """Write the archive, print what was fitted, and return the exit status."""
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.common.outputs import refuse_overwriting
    from spanbert_allen.loading import register

    register()
    from allennlp.models import load_archive

    from spanbert_allen.conversion.archive_settings import write_with_settings

    refuse_overwriting(arguments.out, [arguments.archive, arguments.data])
    archive = load_archive(arguments.archive)
    kind = archive.config["model"]["type"]
    if kind not in _FITTED:
        raise ConfigError(
            f"{arguments.archive}: a model of type {kind} has nothing to fit; give one of type "
            f"{' or '.join(_FITTED)}"
        )
    fitting = import_module(f"spanbert_allen.commands.calibrate.{_FITTED[kind]}")
    settings, lines = fitting.fit(archive, arguments.data)
    write_with_settings(arguments.archive, arguments.out, settings)
    print("\n".join([*lines, arguments.out]))
    return 0
