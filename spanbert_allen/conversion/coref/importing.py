"""A published coreference model as an archive of AllenNLP's with our model in it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from allennlp.common import Params
from allennlp.common.meta import META_NAME, Meta
from allennlp.data import Vocabulary
from allennlp.models import Model, archival

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.outputs import refuse_overwriting, told_of_full_disk
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.conversion.coref import allennlp_archive
from spanbert_allen.conversion.coref.checkpoint import CorefCheckpoint
from spanbert_allen.conversion.coref.encoder_source import encoder_files
from spanbert_allen.conversion.coref.formats import SOURCE_FORMATS
from spanbert_allen.conversion.coref.hoi_weights import read_hoi
from spanbert_allen.conversion.coref.tensorflow_variables import read_tensorflow
from spanbert_allen.encoders import EncoderFiles
from spanbert_allen.encoders.saved_encoder import keep_files
from spanbert_allen.modules.encoder.weights import listed

_SUFFIXES = {
    ".gz": "allennlp",
    ".tgz": "allennlp",
    ".bin": "coref-hoi",
    ".pt": "coref-hoi",
    ".npz": "tensorflow",
}


def import_coref(
    source: str | Path,
    archive: str | Path,
    *,
    format: str | None = None,
    encoder: str | None = None,
    vocabulary: str | None = None,
    **options: Any,
) -> None:
    """
    Make an archive of a published coreference model.

    It is written whole or not at all, and holds all that it needs: the source may go. Nothing is
    downloaded, unless `encoder` or `vocabulary` names something of the hub.

    # Parameters

    source : `str | Path`
        An archive or folder of AllenNLP's `coref`, a `.bin` of `coref-hoi`, or an `.npz` of the
        variables of Joshi et al.'s program (the module `tensorflow_variables` says how to make it).
    archive : `str | Path`
        The `.tar.gz` to write.
    format : `str`, optional (default = `None`)
        One of `SOURCE_FORMATS`; by default told by the name of the source.
    encoder, vocabulary : `str`, optional (default = `None`)
        See `encoder_files`.
    options
        For the last two formats; see `hoi_checkpoint`.

    # Errors

    `DataError` if weights or files are missing, surplus or broken, `ConfigError` for what does not
    go together.
    """
    refuse_empty_path(source, "the model", "name a file or a folder")
    source, archive = Path(source), Path(archive)
    if not archive.name.endswith(".tar.gz"):
        raise ConfigError(f"the archive to write is {archive}: its name must end in .tar.gz")
    if not archive.absolute().parent.is_dir():
        raise DataError(f"the folder {archive.absolute().parent} does not exist; make it", archive)
    refuse_overwriting(archive, [source])
    if not source.exists():
        raise DataError("no such file or folder", source)
    checkpoint = _read(source, format or _format_of(source), options)
    with (
        told_of_full_disk(archive),
        tempfile.TemporaryDirectory(dir=archive.absolute().parent, prefix=".import-") as folder,
    ):
        work, run = Path(folder) / "encoder", Path(folder) / "run"
        work.mkdir()
        run.mkdir()
        files = encoder_files(checkpoint, work, source, encoder=encoder, vocabulary=vocabulary)
        _write_run(run, checkpoint, files, source)
        archival.archive_model(run, archive_path=archive)


def _format_of(source: Path) -> str:
    found = "allennlp" if source.is_dir() else _SUFFIXES.get(source.suffix)
    if found is None:
        raise ConfigError(
            f"--format: the name of {source} does not tell; choose one of "
            f"{', '.join(SOURCE_FORMATS)}"
        )
    return found


def _read(source: Path, chosen: str, options: dict[str, Any]) -> CorefCheckpoint:
    if chosen == "coref-hoi":
        return read_hoi(source, **options)
    if chosen == "tensorflow":
        return read_tensorflow(source, **options)
    if chosen != "allennlp":
        raise ConfigError(f"--format: {chosen!r} is none of {', '.join(SOURCE_FORMATS)}")
    given = [name for name, value in options.items() if value]
    if given:
        raise ConfigError(
            f"--{given[0].replace('_', '-')}: an archive of AllenNLP's says it itself; leave it out"
        )
    with allennlp_archive.opened(source) as folder:
        kind = allennlp_archive.model_type(folder)
        if kind != "coref":
            raise DataError(
                f"is an archive of the model `{kind}`, not of AllenNLP's `coref`: there is nothing "
                "to import",
                source,
            )
        return allennlp_archive.read_allennlp(folder, source)


def _write_run(run: Path, checkpoint: CorefCheckpoint, files: EncoderFiles, source: Path) -> None:
    """Write what a training would have left in its folder."""
    # Encoder and weights in place, the model is built as from an archive: without pretrained ones.
    keep_files(files.to_save(), run)
    torch.save(dict(checkpoint.weights), run / "best.th")
    config = _config(checkpoint, files)
    vocab = Vocabulary()
    params = Params(json.loads(json.dumps(config["model"])))
    model = Model.from_params(params, vocab=vocab, serialization_dir=str(run))
    _check(model, checkpoint, source)
    Params(config).to_file(str(run / "config.json"))
    vocab.save_to_files(str(run / "vocabulary"))
    Meta.new().to_file(run / META_NAME)


def _config(checkpoint: CorefCheckpoint, files: EncoderFiles) -> dict[str, Any]:
    max_length = checkpoint.indexer["max_length"] or files.max_positions
    indexer = {
        "type": "spanbert",
        "model_name": checkpoint.encoder_name,
        **checkpoint.indexer,
        "max_length": min(max_length, files.max_positions),
    }
    return {
        "dataset_reader": {
            "type": "spanbert_coref",
            "indexer": indexer,
            **checkpoint.reader,
        },
        "validation_data_loader": {"batch_size": 1},
        "model": {
            "type": "spanbert_coref",
            "embedder": {
                "type": "spanbert",
                "model_name": checkpoint.encoder_name,
                "dtype": "float32",
            },
            **checkpoint.model,
        },
    }


def _check(model: Model, checkpoint: CorefCheckpoint, source: Path) -> None:
    wanted, found = model.state_dict(), checkpoint.weights
    problems = {
        "missing": [name for name in wanted if name not in found],
        "surplus": [name for name in found if name not in wanted],
        "of another shape": [
            f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in wanted
            if name in found and found[name].shape != wanted[name].shape
        ],
    }
    if any(problems.values()):
        told = "; ".join(f"{kind}: {listed(names)}" for kind, names in problems.items() if names)
        raise DataError(f"does not hold the weights of such a model; {told}", source)
