"""
Read configurations as AllenNLP's `Params.from_file` does, and say more about them.

Imports of the shipped libraries work from any folder; a knob without effect is a warning; `-o` with
a knob explains how knobs are set.
"""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from allennlp.common import Params
from allennlp.common.file_utils import cached_path
from allennlp.common.params import _environment_variables, parse_overrides, with_overrides

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.configuration.evaluation import EvaluatedConfig, evaluate_config

logger = logging.getLogger(__name__)

_from_file = Params.from_file


def install() -> None:
    """Make `Params.from_file` read jsonnet as `read_params` does."""
    Params.from_file = classmethod(from_file)


@functools.wraps(_from_file)
def from_file(
    cls: type[Params],
    params_file: str | os.PathLike[str],
    params_overrides: str | dict[str, Any] = "",
    ext_vars: dict[str, str] | None = None,
) -> Params:
    if Path(params_file).suffix == ".json":  # a training's own config.json, for one
        return _from_file(params_file, params_overrides, ext_vars)
    evaluated, params = read_params(params_file, params_overrides, ext_vars)
    for knob, reason in evaluated.idle.items():
        logger.warning("%s: `%s` has no effect: %s", params_file, knob, reason)
    return params


def read_params(
    path: str | os.PathLike[str],
    overrides: str | Mapping[str, Any] = "",
    variables: Mapping[str, str] | None = None,
) -> tuple[EvaluatedConfig, Params]:
    """
    Return a configuration as it was evaluated, and as it is with the overrides.

    # Parameters

    path : `str | PathLike`
        A file or a URL.
    overrides : `str | Mapping[str, Any]`, optional (default = `""`)
        Values of the option `-o`.
    variables : `Mapping[str, str]`, optional (default = `None`)
        What `std.extVar` gives, beside the environment's variables.
    """
    values = {**_environment_variables(), **(variables or {})}
    refuse_empty_path(path, "the configuration", "name a file")
    evaluated = evaluate_config(cached_path(path), values)
    text = overrides if isinstance(overrides, str) else json.dumps(dict(overrides))
    changes = parse_overrides(text, ext_vars=values)
    _refuse_knobs(changes, evaluated, path)
    config = with_overrides(evaluated.config, changes) if changes else evaluated.config
    return evaluated, Params(config)


def _refuse_knobs(
    overrides: Iterable[str], evaluated: EvaluatedConfig, path: str | os.PathLike[str]
) -> None:
    for name in overrides:
        if name in evaluated.knobs and name not in evaluated.config:
            raise ConfigError(
                f"-o: `{name}` is a knob of the template, whose effects are computed before -o is "
                f"read: put `(import '{Path(path).absolute()}') + {{ {name}:: ... }}` into a "
                "file of its own and train that, or override the keys that follow from the knob"
            )
