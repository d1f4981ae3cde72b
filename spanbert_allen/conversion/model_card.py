"""The card of an exported model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.conversion.task import ExportedTask
from spanbert_allen.version import VERSION

_SCORED = {
    "best_validation_": "the data that the best weights were chosen by",
    "test_": "test data",
}
"""The beginnings of the names of scores, and what they were measured on."""


def model_card(
    config: Mapping[str, Any],
    task: ExportedTask,
    metrics: Mapping[str, Any],
    section: Sequence[str] = (),
) -> str:
    """
    Markdown with the hub's front matter.

    # Parameters

    config : `Mapping[str, Any]`
        The configuration that the model was trained with.
    task : `ExportedTask`
        Its task.
    metrics : `Mapping[str, Any]`
        What the training wrote at its end; may be empty.
    section : `Sequence[str]`, optional (default = `()`)
        What is to be said about its use: lines of Markdown.
    """
    encoder = config["model"]["embedder"]["model_name"]
    lines = [
        "---",
        "library_name: transformers",
        f"pipeline_tag: {task.pipeline_tag}",
        "language: en",
        "---",
        "",
        f"# {task.architecture} from {encoder}",
        "",
        f"{task.trained_how} with spanbert_allen {VERSION} (model `{task.model_type}`) from the",
        f"encoder `{encoder}`.",
        licence_of_encoder(),
        "",
        *section,
    ]
    lines += score_lines(metrics)
    lines += ["The configuration:", "", "```json", json.dumps(config, indent=2), "```", ""]
    return "\n".join(lines)


def licence_of_encoder() -> str:
    """Return what a card says of the licence that comes with the encoder."""
    return (
        "If that is one of SpanBERT's releases, its licence holds for this model, too: "
        "CC-BY-NC 4.0, no commercial use."
    )


def score_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Return a table of the scores that a training wrote at its end, as lines of Markdown."""
    lines = []
    for prefix, data in _SCORED.items():
        scores = {
            name.removeprefix(prefix): value
            for name, value in metrics.items()
            if name.startswith(prefix) and isinstance(value, (int, float))
        }
        if scores:
            lines += [f"On {data}:", "", "| score | value |", "|---|---|"]
            lines += [f"| {name} | {value:.4g} |" for name, value in scores.items()]
            lines += [""]
    return lines
