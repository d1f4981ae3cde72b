"""What a user may ask of documents, in each call anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import is_list, shown
from spanbert_allen.predictors.option_checks import checked_option


@dataclass(frozen=True)
class DocumentOptions:
    """
    Hold what is asked of results; the predictor `spanbert_document` says what each option does.

    # Parameters

    types : `Mapping[str, str]`, optional (default = `{}`)
    mentions_as_entities : `bool`, optional (default = `False`)
    questions : `Sequence[str]`, optional (default = `()`)
    """

    types: Mapping[str, str] = field(default_factory=dict)
    mentions_as_entities: bool = False
    questions: Sequence[str] = ()

    def __post_init__(self) -> None:
        checked_option("mentions_as_entities", self.mentions_as_entities, bool)
        if not isinstance(self.types, Mapping) or not all(
            isinstance(name, str) for name in self.types.values()
        ):
            raise ConfigError(f"`types` is {shown(self.types)}; it must be an object of names")
        if not are_questions(self.questions):
            raise ConfigError(
                f"`questions` is {shown(self.questions)}; it must be a list of questions"
            )


def are_questions(value: object) -> bool:
    """Return whether a value is a list of questions."""
    return is_list(value) and all(isinstance(one, str) for one in value)
