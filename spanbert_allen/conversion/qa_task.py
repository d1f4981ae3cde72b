"""Import and export question answering models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.task import (
    Blueprint,
    Source,
    Task,
    kept_settings,
    prediction_loader,
    prediction_reader,
)
from spanbert_allen.dataset_readers.qa.reader import USUAL_LENGTH
from spanbert_allen.models.qa import SpanbertQA
from spanbert_allen.modules.qa.heads import IndependentAnswers


class QATask(Task):
    """Import and export extractive question answering; see `Task`."""

    model_type = "spanbert_qa"
    head = "qa_outputs"
    architecture = "BertForQuestionAnswering"
    pipeline_tag = "question-answering"
    uses_pooler = False
    options = ("max_length", "impossible_answers", "threshold")

    def blueprint(self, source: Source, options: Mapping[str, Any]) -> Blueprint:
        """See `Task`."""
        impossible_answers = bool(source.setting(options, "impossible_answers", False))
        max_length = source.setting(options, "max_length", 512)
        reader: dict[str, Any] = {
            "type": "spanbert_squad",
            "indexer": {"type": "spanbert", **source.encoder},
            "max_length": min(max_length, source.max_positions),
            "impossible_answers": impossible_answers,
        }
        return Blueprint(
            {
                "dataset_reader": {**reader, "training": True},
                "validation_dataset_reader": reader,
                "validation_data_loader": prediction_loader(),
                "model": {
                    "type": self.model_type,
                    "embedder": {"type": "spanbert", "dtype": "float32", **source.encoder},
                    "impossible_answers": impossible_answers,
                    "threshold": source.setting(options, "threshold", 0.0),
                    **source.temperature,
                    "decoder": {"type": "exact"},
                },
            }
        )

    def bert_settings(self, model: Model, config: Mapping[str, Any]) -> dict[str, Any]:
        """See `Task`."""
        ours = cast("SpanbertQA", model)
        if type(ours.qa_outputs) is not IndependentAnswers:
            raise ConfigError(
                f"transformers' {self.architecture} has no {type(ours.qa_outputs).__name__}, the "
                "head of this model: only models with `spanbert_independent_answers` are exported"
            )
        kept = {
            "max_length": prediction_reader(config).get("max_length", USUAL_LENGTH),
            "impossible_answers": ours.impossible_answers,
            "threshold": ours.threshold,
            "temperature": None if ours.temperature == 1 else ours.temperature,
        }
        return kept_settings(kept)
