"""`spanbert-allen check`: look a training configuration through before the training."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanbert_allen.common.console import sentence_for
from spanbert_allen.common.foreign_warnings import ignore_foreign_warnings

if TYPE_CHECKING:
    from allennlp.models import Model

    from spanbert_allen.configuration.evaluation import EvaluatedConfig

HELP = "look a training configuration through: keys, types, knobs, files, parts and sizes"
EXAMPLE = "spanbert-allen check my.jsonnet --data"

_EXAMPLES = 100
_PATHS = ("train_data_path", "validation_data_path", "test_data_path")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("config", help="the configuration, as for `train`")
    parser.add_argument(
        "-o", "--overrides", default="", help="JSON of keys to change, as for `train`"
    )
    parser.add_argument(
        "--data",
        action="store_true",
        help=f"also read the first {_EXAMPLES} examples of each file and build the whole training",
    )
    parser.add_argument(
        "--include-package", action="append", default=[], help="a package of your own to load"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is found; return 1 if something is wrong, otherwise 0."""
    disabled = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        return _check(arguments)
    finally:
        logging.disable(disabled)


def _check(arguments: argparse.Namespace) -> int:
    ignore_foreign_warnings()
    from spanbert_allen.loading import register

    register()
    from allennlp.common.util import import_module_and_submodules

    from spanbert_allen.configuration.reading import read_params

    for package in arguments.include_package:
        import_module_and_submodules(package)
    evaluated, params = read_params(arguments.config, arguments.overrides)
    config = params.as_dict(quiet=True)
    _show_knobs(evaluated)
    return 1 if _num_wrong(_findings(config, with_data=arguments.data)) else 0


def _num_wrong(findings: Iterator[tuple[str, str, bool]]) -> int:
    """Print the findings and return how many of them are mistakes."""
    wrong = 0
    for subject, text, is_right in findings:
        wrong += not is_right
        print(f"{'ok' if is_right else 'WRONG':<6}{subject:<12}{text}", flush=True)
    return wrong


def _findings(config: Mapping[str, Any], *, with_data: bool) -> Iterator[tuple[str, str, bool]]:
    """Yield what each finding is about, what it says, and whether all is right."""
    from spanbert_allen.configuration.structure import problems_of_config

    problems = list(problems_of_config(config))
    for problem in problems:
        yield "keys", problem, False
    if problems:
        return  # what has unknown parts cannot be built
    yield "keys", "every key and type is known", True
    missing = [path for path in _files(config) if "://" not in path and not Path(path).exists()]
    for path in missing:
        yield "data", f"{path}: does not exist: check the path", False
    if missing and with_data:
        return
    try:
        yield from _built(config, with_data=with_data)
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        yield "parts", " ".join(sentence.split()), False


def _files(config: Mapping[str, Any]) -> Iterator[str]:
    for key in _PATHS:
        paths = config.get(key)
        if isinstance(paths, Mapping):
            paths = list(paths.values())
        for path in paths if isinstance(paths, list) else [paths]:
            if isinstance(path, str):
                yield path


def _built(config: Mapping[str, Any], *, with_data: bool) -> Iterator[tuple[str, str, bool]]:
    from spanbert_allen.configuration.building import build_with_data, build_without_data

    if with_data:
        model = build_with_data(config, _EXAMPLES).model
        yield "parts", f"built, with the first {_EXAMPLES} examples of each file", True
    else:
        model = build_without_data(config)
        yield "parts", "readers, model and optimizer can be built; --data reads examples, too", True
    yield "sizes", _sizes(model, config), True


def _sizes(model: Model, config: Mapping[str, Any]) -> str:
    from spanbert_allen.configuration.sizes import sizes_of

    sizes = sizes_of(model, config)
    parts = [
        f"{sizes.parameters / 1e6:.1f} million parameters",
        f"{sizes.trained / 1e6:.1f} of them trained",
    ]
    if sizes.pieces is not None:
        parts.append(f"at most {sizes.pieces} pieces a batch")
    if sizes.step_bytes is not None:
        parts.append(f"about {sizes.step_bytes / 2**30:.1f} GiB a step, without the head's part")
    return ", ".join(parts)


def _show_knobs(evaluated: EvaluatedConfig) -> None:
    """Print the knobs that are set against their defaults, and those without effect."""
    width = max(map(len, evaluated.changed), default=0)
    for name, (value, default) in evaluated.changed.items():
        print(f"knob  {name.ljust(width)}  {_shown(value)} (default {_shown(default)})")
    for name, reason in evaluated.idle.items():
        print(f"note  `{name}` has no effect: {reason}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
