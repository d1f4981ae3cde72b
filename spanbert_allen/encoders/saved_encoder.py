"""
The encoder's files in a serialization directory.

Training writes `<serialization_dir>/encoder/` (configuration and vocabulary; the weights are in the
model's own), and the archive takes it along. So an archive is loaded without the source that it
was trained from: nothing is asked of the network, and no pretrained weights are read only to be
replaced.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from spanbert_allen.common.errors import ConfigError

ENCODER_FOLDER = "encoder"
BEST_WEIGHTS = ("weights.th", "best.th")
"""The best weights in the folder of a training, by AllenNLP's name and the trainer's."""
_WEIGHTS_PATTERNS = (*BEST_WEIGHTS, "model_state*.th")


def saved_encoder_folder(serialization_dir: str | os.PathLike[str] | None) -> Path | None:
    """Return the folder of the encoder's files, if they lie beside the weights of a model."""
    if serialization_dir is None:
        return None
    directory = Path(serialization_dir)
    folder = directory / ENCODER_FOLDER
    has_weights = any(any(directory.glob(pattern)) for pattern in _WEIGHTS_PATTERNS)
    return folder if folder.is_dir() and has_weights else None


def keep_files(files: Mapping[str, bytes], serialization_dir: str | os.PathLike[str]) -> None:
    """
    Write the encoder's files, whole or not at all.

    # Parameters

    files : `Mapping[str, bytes]`
        Contents by name.
    serialization_dir : `str | PathLike`
        Made if it is not there.

    # Errors

    `ConfigError` if another encoder was written there before.
    """
    directory = Path(serialization_dir)
    folder = directory / ENCODER_FOLDER
    directory.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        beside = Path(tempfile.mkdtemp(dir=directory, prefix=f".{ENCODER_FOLDER}-"))
        try:
            _write(files, beside)
            beside.rename(folder)
            return
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    _check_same(files, folder)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    folder.chmod(0o755)  # a temporary folder is its owner's only
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _check_same(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            raise ConfigError(
                f"`model_name` of the `spanbert` indexer and embedder must name the same encoder: "
                f"{path} was written for another one (if the directory is of an earlier run, "
                "choose a new one)"
            )


def to_json_bytes(content: Mapping[str, object]) -> bytes:
    """Return indented JSON with sorted keys and a closing line break."""
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("utf-8")
