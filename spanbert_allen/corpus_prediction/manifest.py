"""The manifest of a run: all that its results follow from, so that no two runs are mixed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.version import VERSION

_PROTOCOL = 1
_CHUNK = 1 << 20
_END = 1 << 16


@dataclass(frozen=True)
class FileState:
    """
    What a file was when the run began.

    # Parameters

    path : `str`
        Its absolute path.
    size : `int`
        Its bytes.
    digest : `str`
        SHA-256: of an archive's whole content, of an input's first and last 64 KiB.
    """

    path: str
    size: int
    digest: str

    def check(self, *, is_whole: bool) -> None:
        """Raise a `DataError` if the file is gone or is another now."""
        if file_state(self.path, is_whole=is_whole) != self:
            raise DataError(
                "this file has changed since the run began, and its results would be mixed with "
                "those from before: put the old file back, or name a new folder for the results",
                self.path,
            )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """
    Say what is predicted, and how: whatever changes results is in it.

    # Parameters

    archive : `FileState`
        The trained model.
    inputs : `tuple[FileState, ...]`
        The files, in the order of the results.
    shard_records : `int`
        How many records of a file are one shard; what is lost of a process that is killed is
        at most the shard that it had in work.
    predictor_args : `Mapping[str, Any]`, optional (default = `{}`)
        Options of the predictor.
    overrides : `Mapping[str, Any]`, optional (default = `{}`)
        Other settings of the training's configuration.
    include_package : `tuple[str, ...]`, optional (default = `()`)
        Packages that are imported.
    device : `str`, optional (default = `"cpu"`)
        `"cpu"`; `"cuda"`, over whose GPUs the workers are spread; or one of them.
    threads : `int`, optional (default = `1`)
        Threads of a worker: last digits can depend on them.
    version : `str`, optional (default = the installed one)
        The version of this package.
    protocol : `int`, optional
        The layout of the folder.
    """

    archive: FileState
    inputs: tuple[FileState, ...]
    shard_records: int
    predictor_args: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    include_package: tuple[str, ...] = ()
    device: str = "cpu"
    threads: int = 1
    version: str = VERSION
    protocol: int = _PROTOCOL

    def refuse_others(self, given: Mapping[str, Any], folder: Path) -> None:
        """
        Raise a `ConfigError` if what a command says is not what the run was begun with.

        # Parameters

        given : `Mapping[str, Any]`
            Fields by their names: those that the command names. The archive may have moved.
        folder : `Path`
            The folder of the run, for the message.
        """
        for name, asked in given.items():
            is_archive = name == "archive"
            before = self.archive.digest if is_archive else getattr(self, name)
            value = asked.digest if is_archive else asked
            if value != before:
                if name == "inputs" and _paths(asked) == _paths(self.inputs):
                    self._check_inputs()  # which of them is another says more than their sizes
                raise ConfigError(
                    f"{folder}: this run was begun with {_told(name, before)}, and not with "
                    f"{_told(name, value)}, and results of both would be mixed: give the former, "
                    "or name a new folder"
                )

    def check_files(self) -> None:
        """Raise a `DataError` if the archive or an input is another than when the run began."""
        self.archive.check(is_whole=True)
        self._check_inputs()

    def _check_inputs(self) -> None:
        for one in self.inputs:
            one.check(is_whole=False)

    def as_json(self) -> dict[str, Any]:
        """Return what `manifest_of_json` reads."""
        return asdict(self)


def manifest_of_json(text: bytes, path: Path) -> Manifest:
    """Return the manifest that a file holds."""
    try:
        value = json.loads(text)
        if value["protocol"] != _PROTOCOL or value["version"] != VERSION:
            raise ConfigError(
                f"{path}: this run was begun by version {value['version']} of spanbert_allen, and "
                f"{VERSION} may predict something else: install that version, or name a new folder"
            )
        known = {one.name for one in fields(Manifest)}
        settings = {name: value[name] for name in known}
        settings["archive"] = FileState(**value["archive"])
        settings["inputs"] = tuple(FileState(**one) for one in value["inputs"])
        settings["include_package"] = tuple(value["include_package"])
        return Manifest(**settings)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"this is no manifest of `spanbert-allen corpus-predict` ({error!r}): name the folder "
            "of a run, or a new one",
            path,
        ) from error


def file_state(path: str | Path, *, is_whole: bool) -> FileState:
    """Return what a file is now; raises a `DataError` for one that cannot be read."""
    try:
        return FileState(
            str(Path(path).absolute()), Path(path).stat().st_size, _digest(path, is_whole)
        )
    except OSError as error:
        raise DataError(
            f"cannot be read ({error.strerror}); check the path (looked from {Path.cwd()})", path
        ) from error


def input_files(patterns: Sequence[str], out: Path) -> list[Path]:
    """
    Return the files that a command names, in the order of their results.

    # Parameters

    patterns : `Sequence[str]`
        Files; or globs, in which `**` stands for any folders, whose files come sorted.
    out : `Path`
        The folder of results, none of which is an input.

    Raises a `DataError` for a glob without files, what is no file, and a file that is named twice.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        for path in _expanded(pattern):
            if not path.is_file():
                problem = (
                    "this is a folder: give its files, as in '{0}/**/*.jsonl'"
                    if path.is_dir()
                    else "no such file, or it can be read only once; check the path"
                )
                raise DataError(problem.format(pattern), path)
            if path.absolute() in found:
                raise DataError("this input is named twice: name it once", path)
            if out.absolute() in path.absolute().parents:
                raise DataError(f"this input is in {out}, among the results: move it away", path)
            found[path.absolute()] = None
    return list(found)


def _expanded(pattern: str) -> Iterable[Path]:
    if Path(pattern).exists() or not has_magic(pattern):
        return [Path(pattern)]
    files = sorted(path for path in map(Path, glob(pattern, recursive=True)) if path.is_file())  # noqa: PTH207
    if not files:
        raise DataError(f"no file has such a name (looked from {Path.cwd()})", pattern)
    return files


def _digest(path: str | Path, is_whole: bool) -> str:
    sha256 = hashlib.sha256()
    with Path(path).open("rb") as file:
        if is_whole:
            while chunk := file.read(_CHUNK):
                sha256.update(chunk)
        else:
            sha256.update(file.read(_END))
            file.seek(max(file.tell(), Path(path).stat().st_size - _END))
            sha256.update(file.read(_END))
    return sha256.hexdigest()


def _paths(inputs: Iterable[FileState]) -> list[str]:
    return [one.path for one in inputs]


def _told(name: str, value: Any) -> str:
    """Say what a field is, in few words."""
    if name == "archive":
        return f"an archive of hash {value[:12]}"
    if name == "inputs":
        paths = _paths(value)
        shown = ", ".join(paths[:3]) + (", ..." if len(paths) > 3 else "")
        return f"{len(paths)} inputs of {sum(one.size for one in value):,} bytes ({shown})"
    return f"--{name.replace('_', '-')} {json.dumps(value)}"
