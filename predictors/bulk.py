"""
What `allennlp predict` does for our predictors beyond its own.

Input lines are counted, so that an error record names its line. The output file appears whole or
not at all, and replaces neither what is read nor anything when nothing came out. When records
failed, their number and the first mistake go to standard error and the exit status is 1. A command
that is stopped says in one line what became of its output.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.commands import predict
from allennlp.commands.predict import _PredictManager
from allennlp.common.file_utils import cached_path
from allennlp.common.util import SigTermReceived, lazy_groups_of
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import STANDARD_STREAM
from spanbert_allen.common.outputs import refuse_empty, refuse_overwriting, refuse_overwriting_model
from spanbert_allen.common.record_checks import shown
from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.named import check_named
from spanbert_allen.predictors.record import Record


class BulkManager(_PredictManager):
    """Run `allennlp predict`; with predictors that are not ours, exactly as AllenNLP does."""

    def __init__(
        self,
        predictor: Any,
        input_file: str,
        output_file: str | None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self._batch_size: int
        self._is_ours = isinstance(predictor, SpanPredictor)
        self._result_path = output_file if self._is_ours else None
        if self._result_path is not None and input_file != STANDARD_STREAM:
            refuse_overwriting(self._result_path, [input_file])
        opened_by_allennlp = None if self._is_ours else output_file
        super().__init__(predictor, input_file, opened_by_allennlp, *args, **kwargs)
        if self._is_ours:
            self._batch_size = max(self._batch_size, predictor.records_at_once)
            predictor.source = input_file

    def run(self) -> None:
        """Predict everything; raises `SystemExit`, with status 1, if a record failed."""
        if not self._is_ours:
            super().run()
            return
        try:
            self._predict_all()
        except (KeyboardInterrupt, SigTermReceived) as stop:
            sys.stdout.flush()
            sys.stderr.write(_stopped(self._predictor, self._result_path))
            raise SystemExit(130 if isinstance(stop, KeyboardInterrupt) else 143) from None
        sys.stdout.flush()
        sys.stderr.writelines(f"warning: {one}\n" for one in self._predictor.remarks())
        if (failures := failures_of(self._predictor)) is not None:
            sys.stderr.write(failures)
            raise SystemExit(1)

    def _predict_all(self) -> None:
        if self._result_path is None:
            self._predict_input()
        else:
            # A file named "-" would be standard output to replace_file; AllenNLP means a file.
            # `os.path` keeps the slash that says that a folder is meant.
            path = os.path.join(Path.cwd(), self._result_path)  # noqa: PTH118
            with self._predictor.open_output(path) as self._output_file:
                self._predict_input()
                if self._predictor.num_records == self._predictor.num_failed:
                    refuse_empty(self._result_path, self._predictor.source, self._why_nothing())

    def _predict_input(self) -> None:
        if self._dataset_reader is None:
            super().run()
            return
        # AllenNLP takes one result of an instance, but one of a text's pairs has one for each.
        number = 0
        for batch in lazy_groups_of(self._get_instance_data(), self._batch_size):
            for result in self._predictor.predict_batch_instance(batch):
                line = self._predictor.dump_line(result)
                self._maybe_print_to_console_and_file(number, line)
                number += 1

    def _why_nothing(self) -> str:
        error = self._predictor.first_error
        if error is None:
            return "there is no record to predict"
        return f"no record could be predicted; the first: {error.in_its_record()}"

    def _get_json_data(self) -> Iterator[Record]:
        if not self._is_ours:
            yield from super()._get_json_data()
            return
        path = cached_path(self._input_file) if "://" in self._input_file else self._input_file
        yield from self._predictor.records(str(path))


def failures_of(predictor: SpanPredictor) -> str | None:
    """
    Return a line that says how many records failed and why the first did; `None` if none did.

    Not every format of output can say it.
    """
    error = predictor.first_error
    if error is None:
        return None
    source = "stdin" if predictor.source == STANDARD_STREAM else predictor.source
    return (
        f"{predictor.num_failed} of {predictor.num_records} records could not be predicted; "
        f"the first: {error.in_a_line(source)}\n"
    )


def _stopped(predictor: SpanPredictor, path: str | None) -> str:
    kept = "" if path is None else f", and {path} is as it was before"
    return f"stopped after {predictor.num_records} records{kept}: run the command again\n"


def _get_predictor_checked(arguments: argparse.Namespace) -> Any:
    """Return the predictor, after a check of the options and of the names that are given."""
    given = arguments.predictor_args.strip()
    try:
        options = json.loads(given or "{}")
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise ConfigError(
            f"--predictor-args is {shown(given)}; it must be a JSON object of options in single "
            "quotes, such as '{\"top_k\": 1}'"
        )
    if arguments.output_file:
        refuse_overwriting_model(arguments.output_file, arguments.archive_file)
    predict.check_for_gpu(arguments.cuda_device)
    archive = predict.load_archive(
        arguments.archive_file,
        weights_file=arguments.weights_file,
        cuda_device=arguments.cuda_device,
        overrides=arguments.overrides,
    )
    check_named(archive.model, arguments.predictor)
    return Predictor.from_archive(
        archive,
        arguments.predictor,
        dataset_reader_to_load=arguments.dataset_reader_choice,
        extra_args=options,
    )


def install() -> None:
    """Make `allennlp predict` use `BulkManager`, and check its options."""
    predict._PredictManager = BulkManager
    predict._get_predictor = _get_predictor_checked
