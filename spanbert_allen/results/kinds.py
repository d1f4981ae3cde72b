"""Results of predictors: which predictor each is of, checked where they come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_objects
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.results.schema import ERROR, check_result, kind_by_keys

__all__ = ["ERROR", "checked_kind", "name_of", "read_results", "result_kind"]


def result_kind(result: Mapping[str, Any]) -> str | None:
    """
    Return which predictor a result is of, by its keys.

    It is `coref`, `qa` or `relation` for the predictors `spanbert_coref`, `spanbert_qa` and
    `spanbert_relation`; `class` or `number` for `spanbert_sequence_classifier`; `pretraining` for
    `spanbert_pretrainer`; `document` for `spanbert_document`; `error` for error records; and `None`
    for anything else.
    """
    return kind_by_keys(result)


def checked_kind(
    result: Mapping[str, Any], path: str | Path | None = None, line: int | None = None
) -> str:
    """
    Return the kind of a result that is as predictors give it.

    # Parameters

    result : `Mapping[str, Any]`
        The result.
    path, line : optional (default = `None`)
        Where it comes from, for the `DataError` if it is anything else.
    """
    kind = result_kind(result)
    if kind is None:
        raise DataError(
            "no prediction of coreference, answers, relations, classes or masked spans; give a "
            "file that `allennlp predict` wrote with one of this package's predictors",
            path,
            line,
        )
    try:
        check_result(kind, result)
    except RecordError as error:
        raise DataError(
            f"no prediction as this package's predictors write it: {error}", path, line
        ) from error
    return kind


def read_results(path: str | Path) -> Iterator[dict[str, Any]]:
    """Read the results that `allennlp predict` wrote into a file; `DataError` for anything else."""
    for line, result in read_objects(path):
        checked_kind(result, path, line)
        yield result


def name_of(result: Mapping[str, Any], number: int | str = "?") -> str:
    """
    Return what a result is called: its document or id, or else its line.

    # Parameters

    result : `Mapping[str, Any]`
        The result.
    number : `int | str`, optional (default = `"?"`)
        Its line, if it does not say it.
    """
    for key in ("doc_key", "id"):
        if result.get(key) not in (None, ""):
            return str(result[key])
    return f"line {result.get('line') or number}"
