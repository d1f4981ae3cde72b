"""The card of a trained model on the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from spanbert_allen.conversion.model_card import licence_of_encoder, score_lines
from spanbert_allen.version import VERSION

UNKNOWN = "unknown"
"""What the hub calls a licence that nobody has named."""
_TEXT = '"Ida lost her keys. She found them."'
_USES: dict[str, tuple[str, str]] = {
    "spanbert_coref": ("coreference-resolution", f"predict({_TEXT})"),
    "spanbert_qa": ("question-answering", f'predict("What did Ida lose?", {_TEXT})'),
    "spanbert_relation": ("relation-extraction", 'predict("Ida left Oslo.", (0, 3), (9, 13))'),
    "spanbert_sequence_classifier": ("text-classification", f"predict({_TEXT})"),
    "spanbert_pretrainer": ("fill-mask", 'predict("Ida lost her [MASK].")'),
}
"""By the names of models: the hub's tag, and a call that shows the predictor at work."""
_OTHER_USE = ("spanbert", 'predict_json({"text": ' + _TEXT + "})")
_DATA = {
    "train_data_path": "training",
    "validation_data_path": "validation",
    "test_data_path": "test",
}


def hub_card(
    repo: str, config: Mapping[str, Any], metrics: Mapping[str, Any], licence: str | None
) -> str:
    """
    Return Markdown with the hub's front matter.

    # Parameters

    repo : `str`
        The model's name on the hub.
    config : `Mapping[str, Any]`
        The configuration that it was trained with.
    metrics : `Mapping[str, Any]`
        What the training wrote at its end; may be empty.
    licence : `str`, optional
        The hub's name of the licence; `None` if nobody has named it.
    """
    model = config["model"]
    kind = str(model.get("type"))
    tags, arguments, call = _use(repo, model)
    embedder = model.get("embedder")
    encoder = embedder.get("model_name") if isinstance(embedder, Mapping) else None
    lines = [
        *("---", f"license: {licence or UNKNOWN}", "library_name: spanbert_allen", "language: en"),
        *("tags:", *(f"- {tag}" for tag in (*tags, "spanbert", "allennlp")), "---", ""),
        *(f"# {repo.rpartition('/')[2]}", ""),
        f"A model `{kind}`, trained with spanbert_allen {VERSION} from the encoder `{encoder}`.",
        *(licence_of_encoder(), ""),
        *("```python", "import spanbert_allen", ""),
        *(f"model = spanbert_allen.load({arguments})", f"model.{call}", "```", ""),
        *score_lines(metrics),
        *_data_lines(config),
        "It is trained so again, where that data is:",
        *("", "```bash", "spanbert-allen train config.json -s out/run", "```", ""),
    ]
    if licence is None:
        lines += ["Who published this model has named no licence for it.", ""]
    return "\n".join(lines)


def _use(repo: str, model: Mapping[str, Any]) -> tuple[list[str], str, str]:
    """Return the hub's tags, the arguments of `load`, and a call; of several tasks the first's."""
    tasks: Mapping[str, Mapping[str, Any]] = model.get("tasks") or {}
    uses = [_USES.get(str(one.get("type")), _OTHER_USE) for one in tasks.values() or [model]]
    arguments = [f'"{repo}"', *(f"task={json.dumps(name)}" for name in list(tasks)[:1])]
    return list(dict.fromkeys(tag for tag, _ in uses)), ", ".join(arguments), uses[0][1]


def with_licence(card: str, licence: str | None) -> str:
    """Return a card with the licence in its front matter, where `None` leaves one that is there."""
    lines = card.split("\n")
    if lines[0] != "---" or "---" not in lines[1:]:
        return "\n".join(["---", f"license: {licence or UNKNOWN}", "---", "", card])
    end = lines.index("---", 1)
    named = [line for line in lines[1:end] if line.startswith("license:")]
    if named and licence is None:
        return card
    front = [line for line in lines[1:end] if line not in named]
    return "\n".join(["---", f"license: {licence or UNKNOWN}", *front, *lines[end:]])


def _data_lines(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the data's files, without the folders of the machine they were on."""
    told = ", ".join(
        f"{' and '.join(f'`{PurePath(path).name}`' for path in _paths(config[key]))} for {part}"
        for key, part in _DATA.items()
        if config.get(key)
    )
    return [f"The data: {told}.", ""] if told else []


def _paths(value: Any) -> list[str]:
    """Return the paths in the setting of a path, which may have several, by task or data set."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return [path for one in value for path in _paths(one)]
    return [str(value)]
