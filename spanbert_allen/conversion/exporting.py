"""Write an archive of ours as a folder that transformers reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from allennlp.models import Model, load_archive
from allennlp.models.archival import extracted_archive
from safetensors.torch import save_file

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.new_folder import checked_new_folder, new_folder
from spanbert_allen.common.paths import check_archive
from spanbert_allen.compat.repairs.archive_loading import errors_of
from spanbert_allen.conversion.label_names import names_of_labels, outputs_in_order_of
from spanbert_allen.conversion.model_card import model_card
from spanbert_allen.conversion.task import SETTINGS_KEY, SOURCE_LABELS_KEY, ExportedTask
from spanbert_allen.conversion.tasks import EXPORTED_TASKS
from spanbert_allen.encoders import EncoderFiles, find_encoder
from spanbert_allen.encoders.saved_encoder import to_json_bytes
from spanbert_allen.modules.encoder.lora import merged_weights

_OF_ANOTHER_HEAD = ("id2label", "label2id", "num_labels", "problem_type", SETTINGS_KEY)
"""What the `config.json` of an encoder may say of a classifier that it was taken from."""


def export_archive(archive: str | Path, folder: str | Path) -> None:
    """
    Write a trained model as transformers has it.

    The folder has `model.safetensors`, `config.json`, the tokenizer's files and a model card.
    Low-rank adapters are merged into the weights. The span-boundary head of a pre-trained model,
    which transformers has no place for, is in a file of its own. The folder appears whole or not at
    all.

    # Parameters

    archive : `str | Path`
        A `model.tar.gz`.
    folder : `str | Path`
        To be made; it must not be there, or be empty.

    # Errors

    `DataError` for an archive that is none, `ConfigError` for a model that transformers has no
    class for.
    """
    folder = checked_new_folder(folder)
    check_archive(archive)
    with extracted_archive(archive) as extracted, errors_of(archive, extracted), torch.no_grad():
        loaded = load_archive(extracted)
        task = _task_of(loaded.model)
        files = find_encoder("", serialization_dir=extracted)
        metrics = Path(extracted) / "metrics.json"
        config = loaded.config.as_dict(quiet=True)
        settings = task.bert_settings(loaded.model, config)
        outputs = None
        if SOURCE_LABELS_KEY in config and "id2label" in settings:
            labels = config[SOURCE_LABELS_KEY]
            outputs = outputs_in_order_of(labels, list(settings["id2label"].values()))
            if outputs is not None:
                settings |= names_of_labels(labels)
        card = model_card(
            config,
            task,
            json.loads(metrics.read_text()) if metrics.is_file() else {},
            task.card_section(loaded.model, config),
        )
        with new_folder(folder) as part:
            _write(loaded.model, task, files, settings, card, part, outputs)


def _task_of(model: Model) -> ExportedTask:
    for task in EXPORTED_TASKS:
        if isinstance(model, Model.by_name(task.model_type)):
            return task
    known = ", ".join(task.model_type for task in EXPORTED_TASKS)
    raise ConfigError(f"a {type(model).__name__} has no form in transformers; these have: {known}")


def _write(
    model: Any,
    task: ExportedTask,
    files: EncoderFiles,
    settings: dict[str, Any],
    card: str,
    folder: Path,
    outputs: Sequence[int] | None,
) -> None:
    encoder = model.embedder.encoder
    of_encoder = {key: files.config[key] for key in files.config if key not in _OF_ANOTHER_HEAD}
    config = transformers.BertConfig.from_dict({**of_encoder, **settings})
    theirs = getattr(transformers, task.architecture)(config)
    wanted = theirs.bert.state_dict()
    weights = {name: tensor for name, tensor in merged_weights(encoder).items() if name in wanted}
    theirs.bert.load_state_dict(weights)
    task.load_head(theirs, model, outputs)
    theirs.save_pretrained(folder, safe_serialization=True)
    for name, tensors in task.files_beside(model).items():
        save_file(tensors, folder / name)
    (folder / "vocab.txt").write_bytes(files.vocabulary.to_bytes())
    tokenizer = {**files.tokenizer_config, "model_max_length": files.max_positions}
    (folder / "tokenizer_config.json").write_bytes(to_json_bytes(tokenizer))
    (folder / "README.md").write_text(card, encoding="utf-8")
