"""
What `allennlp predict` does for our predictors beyond its own: input lines are counted, so that an
error record names its line; the output file appears whole or not at all; and when records failed,
their number and the first mistake go to standard error and the exit status is 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.commands import predict
from allennlp.commands.predict import _PredictManager
from allennlp.common.file_utils import cached_path

from spanbert_allen.common.files import STANDARD_STREAM
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.record import Record


class BulkManager(_PredictManager):
    """Runs `allennlp predict`; with predictors that are not ours, exactly as AllenNLP does."""

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
        opened_by_allennlp = None if self._is_ours else output_file
        super().__init__(predictor, input_file, opened_by_allennlp, *args, **kwargs)
        if self._is_ours:
            self._batch_size = max(self._batch_size, predictor.records_at_once)
            predictor.source = input_file

    def run(self) -> None:
        """Predicts everything; raises `SystemExit` with status 1 if a record failed."""
        if self._result_path is None:
            super().run()
        else:
            # A file named "-" would be standard output to replace_file; AllenNLP means a file.
            # `os.path` keeps the slash that says that a folder is meant.
            path = os.path.join(Path.cwd(), self._result_path)  # noqa: PTH118
            with self._predictor.open_output(path) as self._output_file:
                super().run()
        if self._is_ours:
            sys.stdout.flush()
            sys.stderr.writelines(f"warning: {one}\n" for one in self._predictor.remarks())
        if self._is_ours and self._predictor.first_error is not None:
            sys.stdout.flush()
            sys.stderr.write(_summary(self._predictor, self._predictor.first_error))
            raise SystemExit(1)

    def _get_json_data(self) -> Iterator[Record]:
        if not self._is_ours:
            yield from super()._get_json_data()
            return
        path = cached_path(self._input_file) if "://" in self._input_file else self._input_file
        yield from self._predictor.records(str(path))


def _summary(predictor: SpanPredictor, error: JsonDict) -> str:
    """Not every format of output can say of a record what was wrong with it: one is named here."""
    source = "stdin" if predictor.source == STANDARD_STREAM else predictor.source
    place = f"{source}:{error['line']}: " if "line" in error else ""
    return (
        f"{predictor.num_failed} of {predictor.num_records} records could not be predicted; "
        f"the first: {place}{error['error']}\n"
    )


def install() -> None:
    """Makes `allennlp predict` use `BulkManager`."""
    predict._PredictManager = BulkManager
