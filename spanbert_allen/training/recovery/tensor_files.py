"""Files of tensors that are whole or not there."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import torch

from spanbert_allen.common.errors import UserError
from spanbert_allen.common.parts import PART

_READABLE = (type(None), bool, int, float, str, torch.Tensor, torch.nn.Parameter)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def save_tensors(state: Mapping[str, Any], path: str | Path) -> None:
    """
    Write tensors and plain values into a file, as a whole or not at all.

    The file takes its name when all of it is on the disk. If the process is killed or the power
    fails before, the old file of that name stays.

    # Parameters

    state : `Mapping[str, Any]`
        Tensors, numbers, texts, and lists and dicts of them.
    path : `str | Path`
        The file.

    # Errors

    `UserError` if there is no room, or for anything that `load_tensors` would refuse.
    """
    path = Path(path)
    _check_readable(path, state)
    part = path.with_name(path.name + PART)
    try:
        with part.open("wb") as file:
            writer = _ErrorKeeper(file)
            try:
                torch.save(state, cast("IO[bytes]", writer))
            except RuntimeError as error:  # what torch makes of an error of the file
                raise (writer.error or error) from error
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno not in _NO_SPACE:
            raise
        free = shutil.disk_usage(path.parent).free / 1e9
        raise UserError(
            f"{path}: no room to write it ({error.strerror}; {free:.1f} GB are free): what was "
            "saved before is whole, so make room and go on with `--recover`"
        ) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def load_tensors(path: str | Path) -> Any:
    """
    Read a file of `save_tensors`, onto the CPU.

    Nothing in the file can run: anything but tensors and plain values is refused.

    # Parameters

    path : `str | Path`
        The file.
    """
    return torch.load(path, map_location="cpu", weights_only=True)


class _ErrorKeeper:
    """
    Remember why a write failed: torch reports any failure as an error of its own.

    That includes the exception of a signal, which would be lost otherwise.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except BaseException as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


def _check_readable(path: Path, state: Mapping[str, Any]) -> None:
    """Raise before a file that can be read is replaced by one that cannot."""
    found = _unreadable(state)
    if found is not None:
        place, value = found
        raise UserError(
            f"{path}: not written, as `{place}` in it is a {type(value).__name__}, and only "
            "tensors, numbers, texts, and lists and dicts of them are read again: let the "
            "`state_dict` that it comes from hold nothing else"
        )


def _unreadable(value: Any, place: str = "") -> tuple[str, Any] | None:
    """Find the first part of a value that cannot be read again, and its place."""
    if type(value) in _READABLE:
        return None
    inner: Iterable[tuple[Any, Any]]
    if type(value) in (dict, OrderedDict):
        inner = chain(value.items(), enumerate(value))  # what it holds, and its keys
    elif type(value) in (list, tuple):
        inner = enumerate(value)
    else:
        return None if _is_readable(value) else (place, value)
    found = (_unreadable(one, f"{place}/{key}".lstrip("/")) for key, one in inner)
    return next(filter(None, found), None)


def _is_readable(value: Any) -> bool:
    file = io.BytesIO()
    try:
        torch.save(value, file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except Exception:  # whatever an object may raise
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk too; some file systems cannot do that for a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
