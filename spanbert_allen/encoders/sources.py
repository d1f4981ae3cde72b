"""The sources of encoder files: a folder, the hub, a tar.gz."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, Protocol, TypeVar

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.permissions import may_use_network, network_refusal, opened_archive
from spanbert_allen.encoders.tokenizer_files import ADDED_TOKENS, TOKENIZER_JSON

CONFIG_NAMES = ("config.json", "bert_config.json")
WEIGHTS_NAMES = ("model.safetensors", "pytorch_model.bin")
SHARDS_INDEX = "model.safetensors.index.json"
"""The file that says which of several files holds each tensor, where a model has more than one."""
_SMALL_NAMES = (*CONFIG_NAMES, "tokenizer_config.json", "vocab.txt", TOKENIZER_JSON, ADDED_TOKENS)
_SMALL_LIMIT = 1 << 26  # bytes: no configuration or vocabulary comes near it

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class WeightsFile:
    """
    A file of weights, on the disk or in memory.

    # Parameters

    path : `Path`
        The file, or the name to give it in an error.
    content : `bytes`, optional (default = `None`)
        The content of the file, if it is not on the disk.
    sha256 : `str`, optional (default = `None`)
        The digest that the file must have.
    is_trained : `bool`, optional (default = `False`)
        Whether these are the weights of a whole trained model, of which the encoder is a part.
    """

    path: Path
    content: bytes | None = None
    sha256: str | None = None
    is_trained: bool = False


class EncoderSource(Protocol):
    """A source of encoder files."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file, or `None` if there is no such file."""
        ...

    def find_weights(self) -> WeightsFile:
        """Return the weights; raise a `DataError` if there are none."""
        ...


@dataclass(frozen=True)
class FolderSource:
    """A folder in the layout of the `transformers` library."""

    folder: Path
    sha256: str | None = None

    def read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def find_weights(self) -> WeightsFile:
        for name in (*WEIGHTS_NAMES, SHARDS_INDEX):
            if (self.folder / name).is_file():
                return WeightsFile(self.folder / name, sha256=self.sha256)
        raise DataError(f"has no weights: neither {' nor '.join(WEIGHTS_NAMES)}", self.folder)


@dataclass(frozen=True)
class HubSource:
    """A model of the Hugging Face hub; files come from its cache when they are there."""

    hub_id: str
    hint: str = ""  # for the error

    def read(self, name: str) -> bytes | None:
        path = self._find(name, needed=name == CONFIG_NAMES[0])
        return None if path is None else path.read_bytes()

    def find_weights(self) -> WeightsFile:
        first, last = WEIGHTS_NAMES
        path = self._find(first, needed=False) or self._find_shards()
        path = path or self._find(last, needed=True)
        if path is None:  # `needed` raises: this is for the type checker
            raise DataError(f"has no weights: neither {first} nor {last}", self.hub_id)
        return WeightsFile(path)

    def _find_shards(self) -> Path | None:
        index = self._find(SHARDS_INDEX, needed=False)
        if index is not None:  # the shards come to stand beside it
            for name in shard_names(index):
                self._find(name, needed=True)
        return index

    def _find(self, name: str, *, needed: bool) -> Path | None:
        import huggingface_hub
        from huggingface_hub.errors import EntryNotFoundError

        archive = opened_archive()
        is_local = not may_use_network()
        try:
            found = huggingface_hub.hf_hub_download(self.hub_id, name, local_files_only=is_local)
            return Path(found)
        except EntryNotFoundError as error:  # also: not in the cache, and the hub not reached
            if not needed:
                return None
            cause: Exception = error
        except (OSError, ValueError) as error:
            cause = error
        if archive is not None and is_local:
            raise network_refusal(archive, f"`{name}` of the hub model `{self.hub_id}`") from cause
        raise DataError(
            f"cannot get `{name}` of the hub model `{self.hub_id}`, neither from its local cache "
            "nor from the hub: check the name and the network, or give a folder of its files"
            f"{self.hint}"
        ) from cause


@dataclass(frozen=True)
class TarSource:
    """
    The authors' .tar.gz, with `config.json` and `pytorch_model.bin`.

    It is read into memory and never unpacked, so nothing half-written can stay behind.
    """

    path: Path

    def read(self, name: str) -> bytes | None:
        small = tar_index(self.path).small
        return next((small[member] for member in small if member.name == name), None)

    def find_weights(self) -> WeightsFile:
        for name in WEIGHTS_NAMES:
            for member in tar_index(self.path).names:
                if member.name == name:
                    return WeightsFile(self.path / name, content=read_member(self.path, member))
        raise DataError(f"has no weights: neither {' nor '.join(WEIGHTS_NAMES)}", self.path)


class TarIndex(NamedTuple):
    """
    What is in a tar archive.

    # Parameters

    names : `tuple[PurePosixPath, ...]`
        Its files, in order.
    small : `dict[PurePosixPath, bytes]`
        The contents of its configurations and vocabularies.
    """

    names: tuple[PurePosixPath, ...]
    small: dict[PurePosixPath, bytes]


def tar_index(path: Path) -> TarIndex:
    """
    List a tar archive and read its small files, once.

    # Errors

    `DataError` if it is broken, or a name in it leads outside of it.
    """
    stat = path.stat()
    return _tar_index(path, stat.st_mtime_ns, stat.st_size)


def read_member(path: Path, name: PurePosixPath) -> bytes:
    """
    Read one file of a tar archive into memory.

    # Parameters

    path : `Path`
        The archive.
    name : `PurePosixPath`
        One of `tar_index(path).names`.
    """

    def read(archive: tarfile.TarFile) -> bytes:
        for member in archive:
            if member.isfile() and PurePosixPath(member.name) == name:
                return _content(archive, member)
        raise DataError(f"has no `{name}` any more: it was changed meanwhile", path)

    return _with_archive(path, read)


def shard_names(index: Path) -> list[str]:
    """
    Return the names of the files that a model's tensors are spread over.

    # Parameters

    index : `Path`
        A `model.safetensors.index.json`; `DataError` if it is none.
    """
    try:
        content = json.loads(index.read_bytes())
        names = sorted(set(content["weight_map"].values()))
        if all(
            name == PurePosixPath(name).name and name.endswith(".safetensors") for name in names
        ):
            return names
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DataError("is no index of weights: download it again", index) from error
    raise DataError("names files that do not stand beside it", index)


@lru_cache(maxsize=4)
def _tar_index(path: Path, _modified: int, _size: int) -> TarIndex:
    """Read the archive to its end, which alone shows what is not in it."""

    def read(archive: tarfile.TarFile) -> TarIndex:
        names, small = [], {}
        for member in archive:
            _check_inside(path, member)
            name = PurePosixPath(member.name)
            if not member.isfile() or name in small:
                continue
            names.append(name)
            if name.name not in _SMALL_NAMES:
                continue
            if member.size > _SMALL_LIMIT:
                raise DataError(f"`{name}` in it is far too large: {member.size} bytes", path)
            small[name] = _content(archive, member)
        return TarIndex(tuple(names), small)

    return _with_archive(path, read)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream: IO[bytes] | None = archive.extractfile(member)
    return b"" if stream is None else stream.read()


def _check_inside(path: Path, member: tarfile.TarInfo) -> None:
    parts = PurePosixPath(member.name)
    if parts.is_absolute() or ".." in parts.parts:
        raise DataError(f"`{member.name}` in it reaches outside of the archive", path)


def _with_archive(path: Path, action: Callable[[tarfile.TarFile], _Result]) -> _Result:
    try:
        with tarfile.open(path, "r:*") as archive:
            return action(archive)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"is not a whole tar archive ({error}): download it again", path) from error
