"""Files in and out: an input error names the file and the line; no output is left half-written."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.look_ahead import STANDARD_STREAM, is_pipe, open_pipe
from spanbert_allen.common.outputs import told_of_full_disk
from spanbert_allen.common.paths import check_place, refuse_empty_path

__all__ = [
    "MAX_LINE_VARIABLE",
    "STANDARD_STREAM",
    "default_doc_key",
    "ending_of",
    "file_stem",
    "filled_lines",
    "find_files",
    "json_line",
    "json_object",
    "max_bytes_at_once",
    "open_bytes",
    "open_text",
    "read_lines",
    "read_objects",
    "replace_file",
]


_NOT_UTF8 = re.compile("[\udc80-\udcff]")
MAX_LINE_VARIABLE = "SPANBERT_ALLEN_MAX_LINE_MB"
_MAX_LINE_MB = 256


def read_lines(
    path: str | Path, *, errors: str = "strict", look_ahead: bool = False
) -> Generator[tuple[int, str], None, None]:
    """
    Read the lines of a UTF-8 text file, each with its number from 1 and without its line end.

    # Parameters

    path : `str | Path`
        A file, gzip-compressed if its name ends in `.gz`; a pipe; or `-` for standard input.
    errors : `str`, optional (default = `"strict"`)
        What to make of bytes that are not UTF-8, as for `bytes.decode`.
    look_ahead : `bool`, optional (default = `False`)
        As for `open_text`; close the lines (`contextlib.closing`) before the file is read.

    Raises a `DataError` for a file that is missing, a folder, not UTF-8 or a broken archive, and
    for a line of more than 256 MB, which is how a small archive fills the memory; the environment
    variable `SPANBERT_ALLEN_MAX_LINE_MB` sets another limit.
    """
    number = 0
    limit = max_bytes_at_once()
    try:
        with open_text(path, look_ahead=look_ahead) as file:
            while raw := file.readline(limit + 1):
                number += 1
                if len(raw) > limit:
                    raise DataError(
                        f"the line is longer than {limit >> 20} MB; cut it, or, if there is memory "
                        f"for it, set {MAX_LINE_VARIABLE} to a larger number",
                        path,
                        number,
                    )
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


def max_bytes_at_once() -> int:
    """Return how long a line, or a text that is read at once, may be."""
    text = os.environ.get(MAX_LINE_VARIABLE, str(_MAX_LINE_MB))
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9]) < 10**9):
        raise ConfigError(f"{MAX_LINE_VARIABLE} is {text[:60]!r}; it must be a number of megabytes")
    return int(text) << 20


def whole_text(path: str | Path) -> str:
    """Return the text of a file, line ends as they are."""
    limit = max_bytes_at_once()
    with open_text(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DataError(
            f"the text is longer than {limit >> 20} MB; cut it, or, if there is memory for it, set "
            f"{MAX_LINE_VARIABLE} to a larger number",
            path,
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError("not UTF-8 text; convert the file to UTF-8", path, line) from error


def filled_lines(
    path: str | Path, *, must_hold: str, errors: str = "strict"
) -> Iterator[tuple[int, str]]:
    """
    Read the lines of a text file that are not blank, as `read_lines` gives them.

    # Parameters

    path, errors
        As for `read_lines`.
    must_hold : `str`
        What stands in such a file, for the `DataError` if there is no line.
    """
    is_empty = True
    for number, line in read_lines(path, errors=errors):
        if line.strip():
            is_empty = False
            yield number, line
    if is_empty:
        raise DataError(f"the file is empty; it must hold {must_hold}", path)


def read_objects(path: str | Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """
    Read the objects of a JSON lines file, each with the number of its line; skip blank lines.

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
    Return the JSON object that a text holds.

    # Parameters

    text : `str`
        The text. A byte that was no UTF-8 is expected as a lone surrogate (Python's
        `surrogateescape`), and is an error of this text alone.
    path, line : optional (default = `None`)
        Where it comes from, for the `DataError` if it holds none.
    """
    if _NOT_UTF8.search(text):
        raise DataError("not UTF-8 text; convert the file to UTF-8", path, line)
    cure = "give" if line is None else "every line must hold"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "a number of too many digits"
        if isinstance(error, json.JSONDecodeError):
            reason = f"{error.msg} at column {error.colno}"
        elif isinstance(error, RecursionError):
            reason = "nested too deep"
        raise DataError(f"not JSON ({reason}); {cure} one whole JSON object", path, line) from error
    if not isinstance(value, dict):
        raise DataError(
            f"a JSON {_json_type(value)}, not an object; {cure} one object: {{...}}", path, line
        )
    return value


def json_line(record: Mapping[str, Any]) -> str:
    """Return a record as a line, in the characters themselves where they can be written."""
    line = json.dumps(record, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        line = json.dumps(record)
    return line + "\n"


def find_files(path: str | Path, *, suffixes: Sequence[str]) -> list[str | Path]:
    """
    Return the files to read for a path: itself, or what a folder holds.

    # Parameters

    path : `str | Path`
        A file, a folder, or `-` for standard input.
    suffixes : `Sequence[str]`
        How the names of the files of a folder end; `.gz` may follow. Its subfolders count too.
    """
    refuse_empty_path(path, "the data", "name a file or a folder")
    if str(path) == STANDARD_STREAM or not Path(path).is_dir():
        return [path]
    found = sorted(
        file
        for file in Path(path).rglob("*")
        if file.is_file()
        and not file.name.startswith(".")
        and file.name.removesuffix(".gz").endswith(tuple(suffixes))
    )
    # The text beside its annotations in brat's layout is no document of its own.
    names = {str(file).removesuffix(".gz") for file in found}
    found = [
        one for one in found if one.suffix != ".txt" or str(one.with_suffix(".ann")) not in names
    ]
    if not found:
        raise DataError(
            f"no file in this folder has a name ending in {' or '.join(suffixes)}", path
        )
    return list(found)


def default_doc_key(path: str | Path, line: int) -> str:
    """Return the name of a document without one: `<file name without suffixes>:<line>`."""
    name = "stdin" if str(path) == STANDARD_STREAM else Path(path).name
    return f"{name.split('.')[0] or name}:{line}"


def ending_of(path: str | Path) -> str:
    """Return what the name of a file ends in, in small letters and `.gz` apart: `.conll`."""
    return Path(str(path).removesuffix(".gz")).suffix.lower()


def file_stem(path: str | Path) -> str:
    """Return the name of a file that is one document, without its suffix."""
    if str(path) == STANDARD_STREAM:
        return "stdin"
    name = Path(path).name.removesuffix(".gz")
    return Path(name).stem or name


@contextmanager
def replace_file(path: str | Path) -> Iterator[IO[str]]:
    """
    Open a text file to write, which takes its name only when the block ends without an error.

    It is UTF-8. Until then, and for good after an error, whatever stood under that name stays.

    # Parameters

    path : `str | Path`
        The file, gzip-compressed if its name ends in `.gz`, or `-` for standard output.
    """
    if str(path) == STANDARD_STREAM:
        yield sys.stdout
        sys.stdout.flush()
        return
    target = checked_target(path)
    if target.exists() and not target.is_file():  # a device or a pipe has nothing to lose
        with target.open("w", encoding="utf-8") as file:
            yield file
        return
    with (
        _part_of(target) as part,
        told_of_full_disk(path),
        _open_new(part, compress=target.suffix == ".gz") as file,
    ):
        yield file


@contextmanager
def replace_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    """
    Open a file of bytes to write, which takes its name as that of `replace_file` does.

    # Parameters

    path : `str | Path`
        The file.
    """
    with (
        _part_of(checked_target(path)) as part,
        told_of_full_disk(path),
        part.open("xb") as file,
    ):
        yield file


def target_in_folder(path: str | Path) -> Path:
    """Return the whole path of what is to be written; raise `DataError` if it has no place."""
    refuse_empty_path(path, "what is to be written", "name a file")
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise DataError(f"the folder {target.parent} does not exist; make it first", path)
    is_device = target.exists() and not target.is_file()  # or a folder
    if not is_device:
        check_place(target)
    return target


def checked_target(path: str | Path) -> Path:
    """Return the whole path of a file to write; raise `DataError` if it is a folder or in none."""
    target = target_in_folder(path)
    if target.is_dir():
        raise DataError("this is a folder; name a file to write", path)
    return target


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Give a name beside a file's, from which it is moved if the block ends without an error."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def open_text(path: str | Path, *, look_ahead: bool = False) -> Iterator[IO[bytes]]:
    """
    Open the bytes of a UTF-8 text file, unpacked, without the byte order mark at its beginning.

    Whatever a user may have written is opened by this.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    look_ahead : `bool`, optional (default = `False`)
        Whether this only looks, to find out the file's format: a pipe is then read from its first
        byte on by whoever opens it next.
    """
    with open_bytes(path, look_ahead=look_ahead) as file:
        ahead = cast("io.BufferedReader", file).peek(len(BOM_UTF8))  # gzip's have it as well
        if ahead.startswith(BOM_UTF8):
            file.read(len(BOM_UTF8))
        yield file


@contextmanager
def open_bytes(path: str | Path, *, look_ahead: bool = False) -> Iterator[IO[bytes]]:
    """Open the bytes of a file, unpacked, or of standard input; parameters as for `open_text`."""
    refuse_empty_path(path, "the data", "name a file")
    with ExitStack() as opened:
        try:
            if is_pipe(path):
                file = opened.enter_context(open_pipe(path, look_ahead=look_ahead))
            else:
                file = opened.enter_context(Path(path).open("rb"))
        except FileNotFoundError as error:
            raise DataError(
                f"no such file (looked from {Path.cwd()}); check the path", path
            ) from error
        except IsADirectoryError as error:
            raise DataError("this is a folder; name a file in it", path) from error
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DataError(f"cannot be read ({reason}); check the path", path) from error
        if Path(path).suffix == ".gz":
            file = cast("IO[bytes]", opened.enter_context(gzip.open(file)))
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
