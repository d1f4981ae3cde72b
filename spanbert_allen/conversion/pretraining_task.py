"""Export pre-trained models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from allennlp.models import Model
from torch import Tensor, nn

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.task import ExportedTask
from spanbert_allen.models.pretrainer import SpanbertPretrainer
from spanbert_allen.modules.pretraining.pretrained_heads import (
    BOUNDARIES,
    BOUNDARIES_FILE,
    MASKED_PIECES,
)


class PretrainingTask(ExportedTask):
    """
    Export encoders with the heads of their pre-training; see `ExportedTask`.

    The masked-language-model head becomes transformers' own. The span-boundary head stands in a
    file beside it, under the authors' names.
    """

    model_type = "spanbert_pretrainer"
    architecture = "BertForMaskedLM"
    pipeline_tag = "fill-mask"
    trained_how = "Pre-trained"

    def load_head(self, theirs: nn.Module, model: Model, outputs: Sequence[int] | None) -> None:
        """See `ExportedTask`."""
        del outputs  # pieces are in the same order
        head = cast("SpanbertPretrainer", model).mlm_head
        if head is None:
            raise ConfigError(
                "the model was trained with `masked_weight` 0 and has no masked-language-model "
                "head: it cannot become a folder of BertForMaskedLM"
            )
        ours = head.state_dict()
        wanted = theirs.state_dict()
        for name, own in MASKED_PIECES.items():
            wanted[name].copy_(ours[own])  # in place: the bias has two names there

    def files_beside(self, model: Model) -> dict[str, dict[str, Tensor]]:
        """Return the span-boundary head, if the model has one."""
        head = cast("SpanbertPretrainer", model).sbo_head
        if head is None:
            return {}
        ours = head.state_dict()
        tensors = {name: ours[own].contiguous() for name, own in BOUNDARIES.items()}
        return {BOUNDARIES_FILE: tensors}

    def card_section(self, model: Model, config: Mapping[str, Any]) -> list[str]:
        """See `ExportedTask`."""
        del config
        if cast("SpanbertPretrainer", model).sbo_head is None:
            return []
        return [
            f"The head of SpanBERT's span-boundary objective is in `{BOUNDARIES_FILE}`, which",
            "transformers does not read.",
            "",
        ]
