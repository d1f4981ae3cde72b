"""What may be asked of the coreference predictor beside the clusters."""

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
    Options of the predictor `spanbert_coref`, for all documents or for one.

    # Parameters

    singleton_threshold, link_threshold : `float`, optional (default = the model's)
        As for `CorefDecoding`.
    top_antecedents : `int`, optional (default = `0`)
        Give so many antecedents of each mention, and that there is none, with probabilities.
    probabilities : `bool`, optional (default = `False`)
        Give the probability of each mention being one, which a model trained without mention loss
        does not know, and that of its link among all antecedents and none.
    sentences : `bool`, optional (default = `False`)
        Give the words in sentences that the text was split into.
    resolved_text : `bool`, optional (default = `False`)
        Give the text with mentions replaced by what they stand for.
    """

    singleton_threshold: float | None = None
    link_threshold: float | None = None
    top_antecedents: int = 0
    probabilities: bool = False
    sentences: bool = False
    resolved_text: bool = False

    def __post_init__(self) -> None:
        check_options(self)
        if self.top_antecedents < 0:
            raise ConfigError(f"`top_antecedents` is {self.top_antecedents}; it must be 0 or more")

    def changed(self, changes: Mapping[str, Any]) -> CorefOptions:
        """These options with others in their place."""
        return changed_options(self, changes)

    @property
    def decoding(self) -> CorefDecoding:
        """What the model is told."""
        return CorefDecoding(self.singleton_threshold, self.link_threshold, self.top_antecedents)
