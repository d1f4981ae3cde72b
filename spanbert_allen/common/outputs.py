"""What holds for every file that is written: no input is lost, no full disk is a riddle."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spanbert_allen.common.errors import DataError

_STREAM = "-"
_OF_A_MODEL = ("config.json", "meta.json", "model.tar.gz", "encoder", "vocabulary")
"""What a model is loaded from of the folder of its training, beside the weights."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What safetensors and torch say of a full disk: their errors are no `OSError`.
_FULL_TEXTS = ("os error 28", "os error 27", "No space left", "PytorchStreamWriter failed")


def refuse_overwriting(output: str | Path, inputs: Iterable[str | Path]) -> None:
    """
    Raise `DataError` if the file to write is one of those that are read.

    # Parameters

    output : `str | Path`
        The file to write; `-`, standard output, is none.
    inputs : `Iterable[str | Path]`
        The files and folders that are read; `-`, standard input, is none.
    """
    if str(output) == _STREAM:
        return
    target = Path(output)
    for source in inputs:
        if str(source) != _STREAM and "://" not in str(source) and _is_of(target, Path(source)):
            raise DataError(
                f"this is also what is read ({source}), and would be lost: name another file "
                "to write",
                output,
            )


def refuse_overwriting_model(output: str | Path, model: str | Path) -> None:
    """
    Raise `DataError` if the file to write is a trained model, or one that it is loaded from.

    # Parameters

    output : `str | Path`
        The file to write.
    model : `str | Path`
        The archive, or the folder of the training, in which other files may be written.
    """
    folder = Path(model)
    is_folder = folder.is_dir()
    parts = [*(folder / name for name in _OF_A_MODEL), *folder.glob("*.th")] if is_folder else []
    refuse_overwriting(output, parts or [model])


def refuse_empty(output: str | Path, inputs: str | Path, problem: str) -> None:
    """
    Raise `DataError` if there is a file of that name: nothing came out that could replace it.

    # Parameters

    output : `str | Path`
        The file that was to be written.
    inputs : `str | Path`
        What was read.
    problem : `str`
        Why nothing came out, as in `it holds no document`.
    """
    if str(output) != _STREAM and Path(output).is_file():
        raise DataError(f"{problem}, so {output} stays as it was", inputs)


@contextmanager
def told_of_full_disk(
    path: str | Path, kept: str = "what stood there before stays"
) -> Iterator[None]:
    """
    Raise `DataError`, which names the file, where the disk is full while the block runs.

    # Parameters

    path : `str | Path`
        What the block writes.
    kept : `str`, optional (default = `"what stood there before stays"`)
        What became of it.
    """
    try:
        yield
    except Exception as error:
        if not is_full_disk(error):
            raise
        raise DataError(
            "the disk is full, or its quota or limit for a file is reached, before this was "
            f"written: {kept}; free some space or name a place on another disk",
            path,
        ) from error


def is_full_disk(error: BaseException) -> bool:
    """Tell whether an error says that a disk is full, or that a file may not grow any more."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return not isinstance(error, DataError) and any(text in str(error) for text in _FULL_TEXTS)


def _is_of(target: Path, source: Path) -> bool:
    """Whether `target` is `source`, or a file that is there within it."""
    if not target.exists():
        return target.absolute() == source.absolute()
    if not source.exists():
        return False
    if target.samefile(source):
        return True
    return source.is_dir() and source.resolve() in target.resolve().parents
