"""The names of a classifier's outputs, where it comes from and where it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import read_lines
from spanbert_allen.conversion.task import Source

_UNNAMED = re.compile(r"LABEL_\d+")


def given_names(option: str, value: Sequence[str] | None) -> list[str] | None:
    """
    Names given on a command line: one by one, or one file that has one on each line.

    # Parameters

    option : `str`
        What the option is called, for messages.
    value : `Sequence[str]`, optional
        What was given.
    """
    if value is None:
        return None
    names = list(value)
    if len(names) == 1 and Path(names[0]).is_file():
        names = [line.strip() for _, line in read_lines(names[0]) if line.strip()]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"{option}: {twice!r} is there twice; name each output once")
    return names


def own_names(source: Source) -> list[str] | None:
    """The names that a model of transformers has in its `config.json`; `None` if it has none."""
    by_number = source.config.get("id2label")
    if not isinstance(by_number, Mapping) or len(by_number) != source.num_outputs:
        return None
    names = [str(by_number.get(str(number))) for number in range(source.num_outputs)]
    return None if all(_UNNAMED.fullmatch(name) for name in names) else names


def check_number(option: str, names: Sequence[str], source: Source) -> None:
    """`ConfigError` if there are not as many names as outputs."""
    if len(names) != source.num_outputs:
        raise ConfigError(
            f"{option}: {len(names)} names for the {source.num_outputs} outputs of {source.name}; "
            "name each output, in their order"
        )


def label_settings(labels: Sequence[str], dropout: float) -> dict[str, Any]:
    """What transformers' `config.json` says of a classifier."""
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
        "problem_type": "single_label_classification",
        "classifier_dropout": dropout,
    }
