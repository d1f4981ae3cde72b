"""
Archives carry the encoder's own files, and appear only when whole.

**Cause.** `archive_model` packs configuration, vocabulary and weights. A transformer's
configuration and tokenizer stay outside, so that loading an archive asks the hub for them again,
and it is written in place: an interrupted run leaves half a `model.tar.gz`. On a full disk it says
neither which file nor what to do.

**Repair.** The folder `<serialization_dir>/encoder`, which our indexer and embedder write, is
packed when it is there, and the archive is written beside its place and then renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from allennlp.models import archival

from spanbert_allen.common.outputs import told_of_full_disk
from spanbert_allen.compat.replacing import replace_function

ENCODER_FOLDER = "encoder"

_archive_model = archival.archive_model


def needed() -> bool:
    return True


def apply() -> None:
    replace_function(_archive_model, archive_model)


def archive_model(
    serialization_dir: str | PathLike[str],
    weights: str = archival._DEFAULT_WEIGHTS,
    archive_path: str | PathLike[str] | None = None,
    include_in_archive: Sequence[str] | None = None,
) -> str:
    """
    AllenNLP's `archive_model` with the same arguments; returns the path of the archive.

    # Raises

    `RuntimeError` (AllenNLP's) when weights or configuration are missing; `DataError` when the disk
    is full.
    """
    include = list(include_in_archive or ())
    has_encoder = (Path(serialization_dir) / ENCODER_FOLDER).is_dir()
    if has_encoder and not any(name.split("/")[0] == ENCODER_FOLDER for name in include):
        include.append(ENCODER_FOLDER)
    final = Path(archive_path or serialization_dir)
    if final.is_dir():
        final /= "model.tar.gz"
    part = final.with_name(final.name + ".part")
    kept = "what stood there before stays"
    if archive_path is None:  # at the end of a training
        kept = "the training is done and stays whole, and `--recover` writes this"
    try:
        with told_of_full_disk(final, kept):
            _archive_model(serialization_dir, weights, part, include or None)
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)
    return str(final)
