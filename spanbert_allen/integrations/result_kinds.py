"""Which predictor a result is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ERROR = "error"
_KEYS = {
    "coref": {"text", "clusters"},
    "qa": {"question", "context", "answers"},
}


def result_kind(result: Mapping[str, Any]) -> str | None:
    """
    `coref` or `qa`, for results of the predictors `spanbert_coref` and `spanbert_qa`; `error` for
    error records; `None` for anything else.
    """
    if "error" in result:
        return ERROR
    return next((kind for kind, keys in _KEYS.items() if keys <= result.keys()), None)
