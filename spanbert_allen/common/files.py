"""Files in and out: an input error names the file and the line; no output is left half-written."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.outputs import told_of_full_disk

STANDARD_STREAM = "-"
"""The path that stands for standard input, or standard output."""


def read_lines(path: str | Path, *, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """
    The lines of a UTF-8 text file, each with its number from 1 and without its line end.

    # Parameters

    path : `str | Path`
        A file, gzip-compressed if its name ends in `.gz`, or `-` for standard input.
    errors : `str`, optional (default = `"strict"`)
        What to make of bytes that are not UTF-8, as for `bytes.decode`.

    Raises a `DataError` for a file that is missing, a folder, not UTF-8 or a broken archive.
    """
    number = 0
    try:
        with open_text(path) as file:
            for number, raw in enumerate(file, start=1):
                yield number, raw.decode("utf-8", errors).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"not UTF-8 text (byte {error.start + 1} of the line); convert the file to UTF-8",
            path,
            number,
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"broken or incomplete gzip file ({error}); copy or download it again", path, number + 1
        ) from error


def filled_lines(path: str | Path, *, must_hold: str) -> Iterator[tuple[int, str]]:
    """
    The lines of a text file that are not blank, as `read_lines` gives them.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    must_hold : `str`
        What stands in such a file, for the `DataError` if there is no line.
    """
    is_empty = True
    for number, line in read_lines(path):
        if line.strip():
            is_empty = False
            yield number, line
    if is_empty:
        raise DataError(f"the file is empty; it must hold {must_hold}", path)


def read_objects(path: str | Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """
    The objects of a JSON lines file, each with the number of its line. Blank lines are passed over.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    for number, line in read_lines(path):
        if line.strip():
            yield number, json_object(line, path=path, line=number)


def json_object(
    text: str, *, path: str | Path | None = None, line: int | None = None
) -> dict[str, Any]:
    """
    The JSON object that a text holds.

    # Parameters

    text : `str`
        The text.
    path, line : optional (default = `None`)
        Where it comes from, for the `DataError` if it holds none.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error)
        if isinstance(error, json.JSONDecodeError):
            reason = f"{error.msg} at column {error.colno}"
        raise DataError(
            f"not JSON ({reason}); every line must hold one whole JSON object", path, line
        ) from error
    if not isinstance(value, dict):
        raise DataError(
            f"a JSON {_json_type(value)}, not an object; every line must hold one object: {{...}}",
            path,
            line,
        )
    return value


def find_files(path: str | Path, *, suffixes: Sequence[str]) -> list[str | Path]:
    """
    The files to read for a path: itself, or what a folder holds.

    # Parameters

    path : `str | Path`
        A file, a folder, or `-` for standard input.
    suffixes : `Sequence[str]`
        How the names of the files of a folder end; `.gz` may follow. Its subfolders count too.
    """
    if str(path) == STANDARD_STREAM or not Path(path).is_dir():
        return [path]
    found = sorted(
        file
        for file in Path(path).rglob("*")
        if file.is_file()
        and not file.name.startswith(".")
        and file.name.removesuffix(".gz").endswith(tuple(suffixes))
    )
    if not found:
        raise DataError(
            f"no file in this folder has a name ending in {' or '.join(suffixes)}", path
        )
    return list(found)


@contextmanager
def replace_file(path: str | Path) -> Iterator[IO[str]]:
    """
    A text file (UTF-8) to write that takes its name only when the block ends without an error:
    until then, and after an error for good, what stood under that name stays.

    # Parameters

    path : `str | Path`
        The file, gzip-compressed if its name ends in `.gz`, or `-` for standard output.
    """
    if str(path) == STANDARD_STREAM:
        yield sys.stdout
        sys.stdout.flush()
        return
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise DataError(f"the folder {target.parent} does not exist; make it first", path)
    if target.is_dir():
        raise DataError("this is a folder; name a file to write", path)
    if target.exists() and not target.is_file():  # a device or a pipe has nothing to lose
        with target.open("w", encoding="utf-8") as file:
            yield file
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with told_of_full_disk(path), _open_new(part, compress=target.suffix == ".gz") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def open_text(path: str | Path) -> Iterator[IO[bytes]]:
    """
    The bytes of a UTF-8 text file, unpacked, or of standard input, without the byte order mark that
    some programs put first. Whatever a user may have written is opened by this.
    """
    with open_bytes(path) as file:
        if isinstance(file, io.BytesIO):  # in place of standard input
            ahead = file.getvalue()[file.tell() :]
        else:
            ahead = cast("io.BufferedReader", file).peek(len(BOM_UTF8))  # gzip's have it as well
        if ahead.startswith(BOM_UTF8):
            file.read(len(BOM_UTF8))
        yield file


@contextmanager
def open_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked, or of standard input, every one of them."""
    if str(path) == STANDARD_STREAM:
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (closed below, outside these handlers)
    except FileNotFoundError as error:
        raise DataError(f"no such file (looked from {Path.cwd()}); check the path", path) from error
    except IsADirectoryError as error:
        raise DataError("this is a folder; name a file in it", path) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror}); check the path", path) from error
    with file:
        if Path(path).suffix == ".gz":
            with gzip.open(file) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield file


@contextmanager
def _open_new(path: Path, *, compress: bool) -> Iterator[IO[str]]:
    if not compress:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    # Without a name and a time in it, the same text is the same bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
    ):
        yield text


def _json_type(value: object) -> str:
    names = {list: "list", str: "string", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")
