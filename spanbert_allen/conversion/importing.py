"""Make an archive of AllenNLP's of a fine-tuned model of the authors' or of transformers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from allennlp.common import Params
from allennlp.common.meta import META_NAME, Meta
from allennlp.data import DatasetReader
from allennlp.models import Model, archival
from torch import Tensor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.outputs import refuse_overwriting, told_of_full_disk
from spanbert_allen.conversion.task import SOURCE_LABELS_KEY, Blueprint, Source, Task
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.encoder.weights import read_weights, renamed


def import_model(
    source: str, archive: str | Path, task: Task, *, vocabulary: str | None = None, **options: Any
) -> None:
    """
    Make an archive of a fine-tuned model.

    It is written whole or not at all, and holds all that it needs: the source may go.

    # Parameters

    source : `str`
        One of the authors' `.tar.gz`, a folder in its layout or in that of transformers, or a hub
        id.
    archive : `str | Path`
        The `.tar.gz` to write.
    task : `Task`
        One of `TASKS`.
    vocabulary : `str`, optional (default = `None`)
        As for `find_encoder`: the authors' archives come without.
    options
        Those that the task takes, by the names of `Task.options`; `None` stands for not given.

    # Errors

    `DataError` if weights or files are missing or broken, `ConfigError` if they do not go together.
    """
    archive = Path(archive)
    if not archive.name.endswith(".tar.gz"):
        raise ConfigError(f"the archive to write is {archive}: its name must end in .tar.gz")
    if not archive.absolute().parent.is_dir():
        raise DataError(f"the folder {archive.absolute().parent} does not exist; make it", archive)
    refuse_overwriting(archive, [source])
    surplus = [name for name in options if options[name] is not None and name not in task.options]
    if surplus:
        raise ConfigError(
            f"`{surplus[0]}` is no option for a `{task.model_type}`; it takes "
            f"{', '.join(task.options)}"
        )
    files = find_encoder(source, vocabulary=vocabulary)
    if files.find_weights is None:
        raise DataError("has no weights", source)
    file = files.find_weights()
    if file.is_trained:
        raise ConfigError(f"{source} is a trained model of this package already: use it as it is")
    weights = renamed(read_weights(file))
    encoder = {"model_name": source}
    if vocabulary is not None:
        encoder["vocabulary"] = vocabulary
    blueprint = task.blueprint(
        Source(
            name=source,
            encoder=encoder,
            config=files.config,
            num_outputs=_num_outputs(task, weights, source),
            max_positions=files.max_positions,
        ),
        options,
    )
    with (
        told_of_full_disk(archive),
        tempfile.TemporaryDirectory(dir=archive.absolute().parent, prefix=".import-") as folder,
    ):
        _write_archive(blueprint, task, weights, source, folder=Path(folder), archive=archive)


def _num_outputs(task: Task, weights: Mapping[str, Tensor], source: str) -> int:
    for name in [f"{task.head}.weight"] + ["pooler.dense.weight"] * task.uses_pooler:
        if name not in weights:
            raise DataError(
                f"has no `{name}`: it is not a model fine-tuned for this task; give one, or "
                "train this encoder with one of the configurations",
                source,
            )
    return len(weights[f"{task.head}.weight"])


def _write_archive(
    blueprint: Blueprint,
    task: Task,
    weights: Mapping[str, Tensor],
    source: str,
    *,
    folder: Path,
    archive: Path,
) -> None:
    model_params = Params(json.loads(json.dumps(blueprint.config["model"])))
    model = Model.from_params(
        model_params, vocab=blueprint.vocabulary, serialization_dir=str(folder)
    )
    _load_head(model, task, weights, source, blueprint.outputs)
    config = blueprint.config
    for key in ("dataset_reader", "validation_dataset_reader"):  # settings that it refuses
        if key in config:
            DatasetReader.from_params(Params(json.loads(json.dumps(config[key]))))
    if blueprint.source_labels is not None:
        config = config | {SOURCE_LABELS_KEY: list(blueprint.source_labels)}
    Params(config).to_file(str(folder / "config.json"))
    blueprint.vocabulary.save_to_files(str(folder / "vocabulary"))
    Meta.new().to_file(folder / META_NAME)
    torch.save(model.state_dict(), folder / "best.th")
    archival.archive_model(str(folder), archive_path=str(archive))


def _load_head(
    model: Model,
    task: Task,
    weights: Mapping[str, Tensor],
    source: str,
    outputs: Sequence[int] | None,
) -> None:
    head = model.get_submodule(task.head)
    wanted = head.state_dict()
    found = {}
    for name, tensor in wanted.items():
        full_name = f"{task.head}.{name}"
        if full_name not in weights:
            raise DataError(
                f"has no `{full_name}`: it is not a model fine-tuned for this task; give one, or "
                "train this encoder with one of the configurations",
                source,
            )
        found[name] = weights[full_name]
        if outputs is not None:  # they are in another order there
            found[name] = found[name][list(outputs)]
        if found[name].shape != tensor.shape:
            raise DataError(
                f"`{full_name}` has shape {tuple(found[name].shape)}, not {tuple(tensor.shape)}: "
                "it is a model for another task",
                source,
            )
    head.load_state_dict(found)
