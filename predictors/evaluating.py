"""
What `allennlp evaluate` does for our models beyond its own.

The scores are printed as a table, and `--predictions-output-file` has the results of our
predictors. AllenNLP prints no scores but in its log, and cannot write what our models return. Where
some of these are errors, their number and the first go to standard error, and the exit status is 1,
as of `allennlp predict`.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from allennlp.commands import evaluate
from allennlp.common.util import lazy_groups_of
from allennlp.data import DataLoader
from allennlp.evaluation.evaluator import SimpleEvaluator
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.console import is_installed
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import checked_target, target_in_folder
from spanbert_allen.common.look_ahead import is_pipe
from spanbert_allen.common.outputs import refuse_overwriting, refuse_overwriting_model
from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.bulk import failures_of

_evaluate_from_archive = evaluate.evaluate_from_archive
_call = SimpleEvaluator.__call__

_AT_ONCE = 64
"""How many examples are predicted together at least."""

_failures: list[str] = []
"""What is to be said of the files of predictions of a command, a line for each with errors."""


def install() -> None:
    """Make `allennlp evaluate` print a table and write our predictors' results."""
    evaluate.evaluate_from_archive = evaluate_from_archive
    SimpleEvaluator.__call__ = evaluate_data


@functools.wraps(_evaluate_from_archive)
def evaluate_from_archive(
    archive_file: Any,
    input_file: str,
    metrics_output_file: str | None = None,
    predictions_output_file: str | None = None,
    *args: Any,
    **kwargs: Any,
) -> dict[str, Any]:
    inputs = _inputs_of(input_file)
    if kwargs.get("auto_names", "NONE") == "NONE":
        outputs = metrics_output_file, predictions_output_file
        _check_outputs("--output-file", metrics_output_file, archive_file, inputs)
        _check_outputs("--predictions-output-file", predictions_output_file, archive_file, inputs)
        for name in metrics_output_file.split(",") if metrics_output_file else ():
            checked_target(name)
        _check_different([name for names in outputs if names for name in names.split(",")])
        if predictions_output_file is not None:
            _refuse_pipes(_paths_of(inputs))
    _failures.clear()
    if _have_one_name(inputs):
        metrics = _evaluated_one_by_one(
            archive_file, inputs, metrics_output_file, predictions_output_file, *args, **kwargs
        )
    else:
        metrics = _evaluate_from_archive(
            archive_file,
            _for_allennlp(inputs),
            metrics_output_file,
            predictions_output_file,
            *args,
            **kwargs,
        )
    if is_installed():  # a command, and not a program that calls this function
        sys.stdout.write(score_table(metrics))
        if _failures:
            sys.stdout.flush()
            sys.stderr.writelines(_failures)
            raise SystemExit(1)
    return metrics


@functools.wraps(_call)
def evaluate_data(
    self: SimpleEvaluator,
    model: Model,
    data_loader: DataLoader,
    batch_weight_key: str | None = None,
    metrics_output_file: Any = None,
    predictions_output_file: Any = None,
) -> dict[str, Any]:
    predictor = _predictor_of(model, data_loader)
    if predictions_output_file is None or predictor is None:
        return _call(
            self,
            model,
            data_loader,
            batch_weight_key,
            metrics_output_file,
            predictions_output_file,
        )
    metrics = _call(self, model, data_loader, batch_weight_key, metrics_output_file, None)
    _write_predictions(predictor, data_loader, Path(predictions_output_file))
    return metrics


def score_table(metrics: Mapping[str, Any]) -> str:
    """
    Return a line for each score, with five digits; the file has all of them.

    # Parameters

    metrics : `Mapping[str, Any]`
        Scores by their names. Those that begin with `_` are left out.
    """
    shown = {name: value for name, value in metrics.items() if not name.startswith("_")}
    width = max(map(len, shown), default=0)
    return "".join(f"{name.ljust(width)}  {_shown(value)}\n" for name, value in shown.items())


def _shown(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _inputs_of(input_file: str) -> list[Any]:
    """Return the data to evaluate: files, or objects or lists that name several."""
    try:
        inputs = json.loads(f"[{input_file}]")
    except ValueError:
        inputs = []
    is_json = inputs and all(isinstance(one, (str, list, dict)) for one in inputs)
    return list(inputs) if is_json else input_file.split(",")  # a file may be called 2024


def _for_allennlp(inputs: list[Any]) -> str:
    """Return the data to evaluate as AllenNLP's command takes it."""
    return json.dumps(inputs)[1:-1]


def _paths_of(inputs: Any) -> list[str]:
    """Return every file that the data to evaluate names, such as one for each task."""
    if isinstance(inputs, str):
        return [inputs]
    inner = inputs.values() if isinstance(inputs, Mapping) else inputs
    return [path for one in inner for path in _paths_of(one)] if isinstance(inner, Iterable) else []


def _check_outputs(option: str, files: str | None, archive: Any, inputs: list[Any]) -> None:
    if files is None:
        return
    outputs = files.split(",")
    if len(outputs) != len(inputs):
        raise ConfigError(
            f"{option}: it names {len(outputs)} files for {len(inputs)} files of data: give one "
            "for each, with commas between them"
        )
    for output in outputs:
        target_in_folder(output)  # before anything is computed
        refuse_overwriting(output, _paths_of(inputs))
        refuse_overwriting_model(output, archive)


def _check_different(outputs: list[str]) -> None:
    for output, count in Counter(outputs).items():
        if count > 1 and Path(output) != Path(os.devnull):
            raise ConfigError(
                f"{output} is named {count} times, and would hold what is written last: name a "
                "file for each output"
            )


def _refuse_pipes(inputs: list[str]) -> None:
    for path in inputs:
        if is_pipe(path):
            raise ConfigError(
                f"{path} can be read only once, but the data is read again for "
                "--predictions-output-file: write it to a file and name that"
            )


def _have_one_name(inputs: list[Any]) -> bool:
    """Return whether AllenNLP's names of scores, by the file's, would be those of two files."""
    different = {path for path in inputs if isinstance(path, str)}
    return len({Path(path).stem for path in different}) < len(different)


def _evaluated_one_by_one(
    archive_file: Any,
    inputs: list[str],
    metrics_output_file: str | None,
    predictions_output_file: str | None,
    *args: Any,
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the scores of files, named by the whole paths."""
    outputs = [
        [None] * len(inputs) if files is None else files.split(",")
        for files in (metrics_output_file, predictions_output_file)
    ]
    return {
        f"{path}_{name}": value
        for path, *files in zip(inputs, *outputs, strict=True)
        for name, value in _evaluate_from_archive(
            archive_file, _for_allennlp([path]), *files, *args, **kwargs
        ).items()
    }


def _predictor_of(model: Model, data_loader: DataLoader) -> SpanPredictor | None:
    """Return our predictor of a model, if it has one and the data comes from one reader."""
    reader = getattr(data_loader, "reader", None)
    name = model.default_predictor
    if reader is None or name is None or name not in Predictor.list_available():
        return None
    kind = Predictor.by_name(name)
    return kind(model, reader) if issubclass(kind, SpanPredictor) else None


def _write_predictions(predictor: SpanPredictor, data_loader: Any, path: Path) -> None:
    predictor.source = str(data_loader.data_path)
    with predictor.open_output(path) as file:
        for line in _lines(predictor, data_loader):
            file.write(line)
    if (failures := failures_of(predictor)) is not None:
        _failures.append(failures)


def _lines(predictor: SpanPredictor, data_loader: Any) -> Iterator[str]:
    at_once = max(_AT_ONCE, predictor.records_at_once)
    for instances in lazy_groups_of(data_loader.reader.read(data_loader.data_path), at_once):
        for result in predictor.predict_batch_instance(instances):
            yield predictor.dump_line(result)
