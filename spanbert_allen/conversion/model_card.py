"""The card of an exported model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.conversion.task import ExportedTask
from spanbert_allen.version import VERSION


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
    scores = {
        name.removeprefix("best_validation_"): value
        for name, value in metrics.items()
        if name.startswith("best_validation_") and isinstance(value, (int, float))
    }
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
        f"encoder `{encoder}`. If that is one of SpanBERT's releases, its licence holds for this",
        "model, too: CC-BY-NC 4.0, no commercial use.",
        "",
        *section,
    ]
    if scores:
        lines += ["On the data that the best weights were chosen by:", "", "| score | value |"]
        lines += ["|---|---|"]
        lines += [f"| {name} | {value:.4g} |" for name, value in scores.items()]
        lines += [""]
    lines += ["The configuration:", "", "```json", json.dumps(config, indent=2), "```", ""]
    return "\n".join(lines)
