"""The tasks whose models are converted: what their heads are called, and their configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Task:
    """
    A task that both sides have a model for.

    # Parameters

    model_type : `str`
        The name under which our model is registered.
    head : `str`
        The name of the head's linear layer, in our model as in transformers'.
    architecture : `str`
        The class of transformers.
    pipeline_tag : `str`
        The hub's name of the task.
    make_config : `Callable[..., dict[str, Any]]`
        Our configuration; takes `encoder`, the settings of indexer and embedder alike, and the
        options of the command.
    """

    model_type: str
    head: str
    architecture: str
    pipeline_tag: str
    make_config: Callable[..., dict[str, Any]]


def qa_config(
    encoder: Mapping[str, Any],
    *,
    max_length: int,
    impossible_answers: bool,
    threshold: float,
) -> dict[str, Any]:
    """
    The configuration of a question answering model that is there already. Settings that `-o` may
    want to change for predictions are written out: it changes nothing that is not there.

    # Parameters

    encoder : `Mapping[str, Any]`
        `model_name` and, if needed, `vocabulary`.
    max_length : `int`
        The most pieces of a window.
    impossible_answers : `bool`
        Whether it was trained on questions without an answer.
    threshold : `float`
        Above which no-answer score there is none.
    """
    reader: dict[str, Any] = {
        "type": "spanbert_squad",
        "indexer": {"type": "spanbert", **encoder},
        "max_length": max_length,
        "impossible_answers": impossible_answers,
    }
    return {
        "dataset_reader": {**reader, "training": True},
        "validation_dataset_reader": reader,
        "validation_data_loader": {
            "batch_sampler": {
                "type": "spanbert_token_budget",
                "max_pieces": 16384,
                "shuffle": False,
            },
        },
        "model": {
            "type": "spanbert_qa",
            "embedder": {"type": "spanbert", "dtype": "float32", **encoder},
            "impossible_answers": impossible_answers,
            "threshold": threshold,
            "decoder": {"type": "exact"},
        },
    }


TASKS = {
    "qa": Task(
        model_type="spanbert_qa",
        head="qa_outputs",
        architecture="BertForQuestionAnswering",
        pipeline_tag="question-answering",
        make_config=qa_config,
    ),
}
