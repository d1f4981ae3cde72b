"""
Halves of MRQA's dev sets. SpanBERT's paper (section 4.1) takes one half of each for choosing
models and the other for testing, and never published which: ours depend on a seed, and results on
them are not comparable to the paper's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import json_object, read_lines, replace_file
from spanbert_allen.version import VERSION

HALVES = ("dev", "test")
MANIFEST = "manifest.json"
_NOTE = (
    "The halves of the SpanBERT paper were never published: scores on these are not comparable "
    "to those in it."
)


class Line(NamedTuple):
    """A context with its questions, as it stands in the file."""

    text: str
    question_ids: tuple[str, ...]


def split_files(sources: Sequence[str | Path], folder: str | Path, *, seed: int) -> list[Path]:
    """
    Write `NAME.dev.jsonl.gz` and `NAME.test.jsonl.gz` for each file, and a manifest; all or none.

    # Parameters

    sources : `Sequence[str | Path]`
        MRQA files.
    folder : `str | Path`
        Made if it is not there.
    seed : `int`
        Another one gives other halves.

    # Returns

    `list[Path]`
        What was written, the manifest last.
    """
    folder = Path(folder)
    names = [Path(source).name.removesuffix(".gz").removesuffix(".jsonl") for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two files are called {name}; give them different names", name)
    contents: dict[str, str] = {}
    files: dict[str, Any] = {}
    for name, source in zip(names, sources, strict=True):
        header, lines = _read(source)
        halves = dict(zip(HALVES, split_lines(lines, seed=seed), strict=True))
        files[name] = {"source": Path(source).name}
        for half, some in halves.items():
            text = "".join(f"{line}\n" for line in [header, *(line.text for line in some)])
            contents[_file_name(name, half)] = text
            files[name][half] = _entry(_file_name(name, half), text, some)
    manifest = {"spanbert_allen": VERSION, "seed": seed, "note": _NOTE, "files": files}
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for file_name, text in contents.items():
            stack.enter_context(replace_file(folder / file_name)).write(text)
        stack.enter_context(replace_file(folder / MANIFEST)).write(
            json.dumps(manifest, indent=2) + "\n"
        )
    return [folder / name for name in (*contents, MANIFEST)]


def split_lines(lines: Iterable[Line], *, seed: int) -> tuple[list[Line], list[Line]]:
    """
    Two halves with as nearly as possible the same number of questions; a context stays whole. What
    is in which depends on the seed and on the ids of questions, not on the order of lines.

    # Parameters

    lines : `Iterable[Line]`
        The contexts. In the halves they keep their order.
    seed : `int`
        The seed.
    """
    lines = list(lines)
    drawn = sorted(range(len(lines)), key=lambda place: _rank(lines[place], seed))
    total = sum(len(line.question_ids) for line in lines)
    chosen: set[int] = set()
    count = 0
    for place in drawn:
        size = len(lines[place].question_ids)
        if 2 * (count + size) <= total + 1:
            chosen.add(place)
            count += size
    first = [line for place, line in enumerate(lines) if place in chosen]
    return first, [line for place, line in enumerate(lines) if place not in chosen]


def check_manifest(path: str | Path) -> int:
    """
    Read the halves that a manifest names again; returns their number. Raises `DataError` for one
    that is not as it was written.
    """
    path = Path(path)
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        entries = [files[name][half] for name in files for half in HALVES]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"is no manifest of split-mrqa ({error!r})", path) from error
    for entry in entries:
        half = path.parent / entry["file"]
        text = "".join(f"{line}\n" for _, line in read_lines(half))
        if _digest(text) != entry["sha256"]:
            raise DataError(f"is not the half that {path} describes; make it anew", half)
    return len(entries)


def _read(source: str | Path) -> tuple[str, list[Line]]:
    header, lines = "", []
    for number, text in read_lines(source):
        if number == 1:
            header = text
            if "header" not in json_object(text, path=source, line=1):
                raise DataError("no MRQA file: the first line must be its header", source, 1)
        elif text.strip():
            lines.append(Line(text, _question_ids(text, source, number)))
    if not lines:
        raise DataError("holds no questions; give a file of MRQA's", source)
    return header, lines


def _question_ids(text: str, source: str | Path, number: int) -> tuple[str, ...]:
    try:
        return tuple(str(one["qid"]) for one in json_object(text, path=source, line=number)["qas"])
    except (KeyError, TypeError) as error:
        raise DataError(
            "no MRQA record: it needs a list `qas` of questions with a `qid`", source, number
        ) from error


def _rank(line: Line, seed: int) -> str:
    return _digest("\n".join((str(seed), *line.question_ids)))


def _file_name(name: str, half: str) -> str:
    return f"{name}.{half}.jsonl.gz"


def _entry(file_name: str, text: str, lines: Sequence[Line]) -> dict[str, Any]:
    ids = sorted(name for line in lines for name in line.question_ids)
    return {
        "file": file_name,
        "sha256": _digest(text),
        "contexts": len(lines),
        "questions": len(ids),
        "question_ids_sha256": _digest("\n".join(ids)),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
