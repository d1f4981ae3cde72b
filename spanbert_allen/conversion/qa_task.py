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
from spanbert_allen.dataset_readers.qa.reader import USUAL_LENGTH, USUAL_STRIDE
from spanbert_allen.models.qa import SpanbertQA
from spanbert_allen.modules.qa.heads import IndependentAnswers

_WINDOWS = ("stride", "max_question_length", "fixed_length", "question_piece")
"""Settings of the reader beside `max_length` that say what windows are; kept where they are set."""
_READERS = {"squad": "spanbert_squad", "mrqa": "spanbert_mrqa"}
"""The reader of the files whose scores a model is measured by, by its `flavour`."""


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
            "type": _READERS[source.setting({}, "flavour", "squad")],
            "indexer": {"type": "spanbert", **source.encoder},
            "max_length": min(max_length, source.max_positions),
            "impossible_answers": impossible_answers,
            **source.kept(_WINDOWS),
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
                    **source.kept(("flavour",)),
                    "decoder": source.setting({}, "decoder", {"type": "exact"}),
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
        reader = prediction_reader(config)
        kept = {
            "max_length": reader.get("max_length", USUAL_LENGTH),
            **{name: reader.get(name) for name in _WINDOWS},
            "impossible_answers": ours.impossible_answers,
            "threshold": ours.threshold,
            "temperature": None if ours.temperature == 1 else ours.temperature,
            "flavour": config["model"].get("flavour"),
            "decoder": config["model"].get("decoder"),
        }
        return kept_settings(kept)

    def card_section(self, model: Model, config: Mapping[str, Any]) -> list[str]:
        """See `Task`."""
        reader = prediction_reader(config)
        length, stride = reader.get("max_length", USUAL_LENGTH), reader.get("stride", USUAL_STRIDE)
        piece = bool(reader.get("question_piece"))
        shared = length - 3 - piece - stride
        lines = [
            f"A context was read in windows of {length} word pieces, the question among them, each",
            f"{stride} pieces further on. transformers has no place for that: with a question of n",
            f"pieces, give its tokenizer or pipeline the length {length} and, as `stride` or",
            f"`doc_stride`, what windows share: {shared} - n, or 0 if that is less.",
        ]
        if piece:
            lines.append("A question piece stood behind each question, which it does not put in.")
        return [*lines, ""]
