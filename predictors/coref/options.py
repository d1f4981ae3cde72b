"""The options of the coreference predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.decoder import CorefDecoding
from spanbert_allen.predictors.option_checks import changed_options, check_options


@dataclass(frozen=True)
class CorefOptions:
    """
    Hold the options of the predictor `spanbert_coref`, for all documents or for one.

    # Parameters

    singleton_threshold, link_threshold : `float`, optional (default = the model's)
        See `CorefDecoding`.
    top_antecedents : `int`, optional (default = `0`)
        How many antecedents of each mention to report, with probabilities. "No antecedent" is one.
    probabilities : `bool`, optional (default = `False`)
        Whether to report the probability of each mention, which means little in a model that was
        trained without mention loss, and the probability of its link.
    sentences : `bool`, optional (default = `False`)
        Whether to report the words that the text was split into, in sentences.
    join_given : `bool`, optional (default = `False`)
        Whether links may join two of the given clusters, which stay apart otherwise.
    resolved_text : `bool`, optional (default = `False`)
        Whether to report the text with mentions replaced by the head mentions of their clusters.
    """

    singleton_threshold: float | None = None
    link_threshold: float | None = None
    top_antecedents: int = 0
    probabilities: bool = False
    sentences: bool = False
    join_given: bool = False
    resolved_text: bool = False

    def __post_init__(self) -> None:
        check_options(self)
        if self.top_antecedents < 0:
            raise ConfigError(f"`top_antecedents` is {self.top_antecedents}; it must be 0 or more")

    def changed(self, changes: Mapping[str, Any]) -> CorefOptions:
        """Return these options with others in their place."""
        return changed_options(self, changes)

    @property
    def decoding(self) -> CorefDecoding:
        """Return the options that the model needs."""
        return CorefDecoding(
            self.singleton_threshold, self.link_threshold, self.top_antecedents, self.join_given
        )
