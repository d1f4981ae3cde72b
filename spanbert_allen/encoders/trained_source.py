"""A trained model of this package as the source of an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spanbert_allen.common.errors import DataError
from spanbert_allen.encoders.saved_encoder import BEST_WEIGHTS, ENCODER_FOLDER
from spanbert_allen.encoders.sources import (
    CONFIG_NAMES,
    EncoderSource,
    WeightsFile,
    read_member,
    tar_index,
)

ARCHIVE = "model.tar.gz"
_IN_ARCHIVE = PurePosixPath("weights.th")
_CONFIG = f"{ENCODER_FOLDER}/{CONFIG_NAMES[0]}"


@dataclass(frozen=True)
class TrainedArchive:
    """A `model.tar.gz`: its files stand in `encoder/`, its weights among those of the model."""

    path: Path

    def read(self, name: str) -> bytes | None:
        return tar_index(self.path).small.get(PurePosixPath(ENCODER_FOLDER) / name)

    def find_weights(self) -> WeightsFile:
        content = read_member(self.path, _IN_ARCHIVE)
        return WeightsFile(self.path / _IN_ARCHIVE, content=content, is_trained=True)


@dataclass(frozen=True)
class TrainedFolder:
    """The folder of a training (`-s`), of which the best weights so far are taken."""

    path: Path

    def read(self, name: str) -> bytes | None:
        path = self.path / ENCODER_FOLDER / name
        return path.read_bytes() if path.is_file() else None

    def find_weights(self) -> WeightsFile:
        for name in BEST_WEIGHTS:
            if (self.path / name).is_file():
                return WeightsFile(self.path / name, is_trained=True)
        raise DataError(
            "the training in this folder has saved no weights yet: wait for its first evaluation",
            self.path,
        )


def find_trained(path: Path) -> EncoderSource | None:
    """
    Return the encoder's source if there is a trained model of this package at a path.

    # Parameters

    path : `Path`
        Perhaps a `model.tar.gz`, or the folder of a training.

    # Errors

    `DataError` for a tar archive that is broken.
    """
    if path.is_file():
        names = tar_index(path).names
        is_model = _IN_ARCHIVE in names and PurePosixPath(_CONFIG) in names
        return TrainedArchive(path) if is_model else None
    if not path.is_dir():
        return None
    if (path / ARCHIVE).is_file() and not any((path / name).is_file() for name in BEST_WEIGHTS):
        return find_trained(path / ARCHIVE)
    is_training = (path / _CONFIG).is_file() and (path / "vocabulary").is_dir()
    return TrainedFolder(path) if is_training else None
