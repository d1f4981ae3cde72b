"""Question answering, as it is imported and exported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.conversion.task import Blueprint, Source, Task, prediction_loader


class QATask(Task):
    """Extractive question answering; see `Task`."""

    model_type = "spanbert_qa"
    head = "qa_outputs"
    architecture = "BertForQuestionAnswering"
    pipeline_tag = "question-answering"
    uses_pooler = False
    options = ("max_length", "impossible_answers", "threshold")

    def blueprint(self, source: Source, options: Mapping[str, Any]) -> Blueprint:
        """See `Task`."""
        impossible_answers = bool(options.get("impossible_answers"))
        reader: dict[str, Any] = {
            "type": "spanbert_squad",
            "indexer": {"type": "spanbert", **source.encoder},
            "max_length": min(options.get("max_length") or 512, source.max_positions),
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
                    "threshold": options.get("threshold") or 0.0,
                    "decoder": {"type": "exact"},
                },
            }
        )
