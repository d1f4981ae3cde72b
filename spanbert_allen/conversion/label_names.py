"""Find the names of a classifier's outputs, for import and export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import read_lines
from spanbert_allen.conversion.task import Source

MULTI_LABEL = "multi_label_classification"
"""What transformers calls it if a text may have any number of labels."""
SINGLE_LABEL = "single_label_classification"
"""What transformers calls it if a text has one label."""
_UNNAMED = re.compile(r"LABEL_\d+")


def given_names(option: str, value: Sequence[str] | None) -> list[str] | None:
    """
    Return names given on a command line: one by one, or one file that has one on each line.

    # Parameters

    option : `str`
        The name of the option, for messages.
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
    """Return the names that a model has in its `config.json`; `None` if it has none."""
    by_number = source.config.get("id2label")
    if not isinstance(by_number, Mapping) or len(by_number) != source.num_outputs:
        return None
    names = [str(by_number.get(str(number))) for number in range(source.num_outputs)]
    return None if all(_UNNAMED.fullmatch(name) for name in names) else names


def is_multi_label(source: Source) -> bool:
    """Return whether a classifier gives a text any number of labels."""
    return source.config.get("problem_type") == MULTI_LABEL


def refuse_several_labels(source: Source) -> None:
    """Raise `ConfigError` for a classifier that does not choose one class."""
    if is_multi_label(source):
        raise ConfigError(
            f"{source.name} was trained to give a text several labels (`problem_type` "
            f"{MULTI_LABEL}), which an import would take for one: it cannot be imported"
        )


def refuse_several_numbers(source: Source) -> None:
    """Raise `ConfigError` for a model that predicts more than one number."""
    if source.config.get("problem_type") == "regression" and source.num_outputs > 1:
        raise ConfigError(
            f"{source.name} predicts {source.num_outputs} numbers (`problem_type` regression), and "
            "a model here one: it cannot be imported"
        )


def outputs_in_order_of(source_labels: Sequence[str], labels: Sequence[str]) -> list[int] | None:
    """
    Return which of our outputs each output of an imported model's source was.

    # Parameters

    source_labels : `Sequence[str]`
        The names of the source's outputs in its order.
    labels : `Sequence[str]`
        Ours, of which case may differ; `None` is returned if they are others.
    """
    plain = [label.lower() for label in labels]
    wanted = [label.lower() for label in source_labels]
    if sorted(plain) != sorted(wanted) or len(set(plain)) != len(plain):
        return None
    return [plain.index(label) for label in wanted]


def check_number(option: str, names: Sequence[str], source: Source) -> None:
    """Raise `ConfigError` if there are not as many names as outputs."""
    if len(names) != source.num_outputs:
        raise ConfigError(
            f"{option}: {len(names)} names for the {source.num_outputs} outputs of {source.name}; "
            "name each output, in their order"
        )


def names_of_labels(labels: Sequence[str]) -> dict[str, Any]:
    """Return what transformers' `config.json` says of the names of outputs."""
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def label_settings(
    labels: Sequence[str], dropout: float, *, multi_label: bool = False
) -> dict[str, Any]:
    """Return what transformers' `config.json` says of a classifier."""
    return {
        "num_labels": len(labels),
        **names_of_labels(labels),
        "problem_type": MULTI_LABEL if multi_label else SINGLE_LABEL,
        "classifier_dropout": dropout,
    }
