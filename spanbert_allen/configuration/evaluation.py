"""Evaluate a configuration's jsonnet, with imports of the shipped libraries from any folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.shipped_configs import PARENT

_WRAPPED = """
local config = import %s;
local is_of_template = std.isObject(config) && std.objectHasAll(config, 'knob_report');
{ config: config, report: if is_of_template then config.knob_report else {} }
"""


class EvaluatedConfig(NamedTuple):
    """
    Hold a configuration and what its template tells about it.

    All but `config` are empty for a configuration without a template.
    """

    config: dict[str, Any]
    """The configuration as AllenNLP reads it."""
    knobs: list[str]
    """The names of all knobs."""
    changed: dict[str, tuple[Any, Any]]
    """For each knob that is set to another value than its default: the value and the default."""
    idle: dict[str, str]
    """For each knob that is set but has no effect: why."""


def evaluate_config(path: str | Path, variables: Mapping[str, str]) -> EvaluatedConfig:
    """
    Evaluate a configuration.

    An import is looked for beside the file that imports, then beside this package, so that
    `import 'spanbert_allen/training_configs/lib/coref.libsonnet'` works in any folder.

    # Parameters

    path : `str | Path`
        The file.
    variables : `Mapping[str, str]`
        What `std.extVar` gives.

    Raises the `RuntimeError` of jsonnet for what cannot be evaluated, and `OSError` for a file that
    cannot be read.
    """
    from _jsonnet import evaluate_snippet

    path = Path(path)
    path.read_bytes()  # jsonnet's own error for a missing file names no cause
    made = json.loads(
        evaluate_snippet(
            "",
            _WRAPPED % json.dumps(str(path.absolute())),
            ext_vars=dict(variables),
            jpathdir=[str(PARENT)],
        )
    )
    report = made["report"]
    changed = {
        name: (knob["value"], knob["default"]) for name, knob in report.get("set", {}).items()
    }
    return EvaluatedConfig(made["config"], report.get("knobs", []), changed, report.get("idle", {}))
