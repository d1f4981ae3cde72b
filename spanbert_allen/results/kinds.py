"""Which predictor a result is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_objects

ERROR = "error"
_KEYS = {
    "coref": {"text", "clusters"},
    "qa": {"question", "context", "answers"},
    "relation": {"text", "entities", "relations"},
    "class": {"id", "text", "label", "probabilities"},
    "number": {"id", "text", "score"},
}


def result_kind(result: Mapping[str, Any]) -> str | None:
    """
    `coref`, `qa` or `relation`, for results of the predictors `spanbert_coref`, `spanbert_qa` and
    `spanbert_relation`; `class` or `number` for those of `spanbert_sequence_classifier`; `error`
    for error records; `None` for anything else.
    """
    if "error" in result:
        return ERROR
    return next((kind for kind, keys in _KEYS.items() if keys <= result.keys()), None)


def checked_kind(
    result: Mapping[str, Any], path: str | Path | None = None, line: int | None = None
) -> str:
    """The kind of a result; a `DataError`, with the place if it is given, for anything else."""
    kind = result_kind(result)
    if kind is None:
        raise DataError(
            "no prediction of coreference, answers, relations or classes; give a file that "
            "`allennlp predict` wrote with one of this package's predictors",
            path,
            line,
        )
    return kind


def read_results(path: str | Path) -> Iterator[dict[str, Any]]:
    """The results in a file that `allennlp predict` wrote; a `DataError` for anything else."""
    for line, result in read_objects(path):
        checked_kind(result, path, line)
        yield result
