"""What a user may ask of relations."""

from __future__ import annotations

from dataclasses import dataclass

from spanbert_allen.predictors.option_checks import check_options


@dataclass(frozen=True)
class RelationOptions:
    """
    Hold what is asked of results; the predictor `spanbert_relation` says what each option does.

    # Parameters

    probabilities, allowed_types, without_negative, by_probability : `bool`, optional
        All false by default.
    """

    probabilities: bool = False
    allowed_types: bool = False
    without_negative: bool = False
    by_probability: bool = False

    def __post_init__(self) -> None:
        check_options(self)
