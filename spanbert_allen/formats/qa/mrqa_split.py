"""
Halve MRQA's dev sets.

SpanBERT's paper (section 4.1) takes one half of each for choosing models and the other for testing,
and never published which: ours depend on a seed, and results on them are not comparable to the
paper's.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import (
    STANDARD_STREAM,
    json_object,
    open_bytes,
    read_lines,
    replace_file,
)
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.common.record_checks import RecordError, record_id
from spanbert_allen.version import VERSION

HALVES = ("dev", "test")
MANIFEST = "manifest.json"
_NOTE = (
    "The halves of the SpanBERT paper were never published: scores on these are not comparable "
    "to those in it."
)


class Line(NamedTuple):
    """
    Hold what the split needs of a line: not its texts, so that large files fit into memory.

    # Parameters

    context : `str`
        The SHA-256 of the context.
    question_ids : `tuple[str, ...]`
        The ids of its questions, in their order.
    """

    context: str
    question_ids: tuple[str, ...]


def split_files(sources: Sequence[str | Path], folder: str | Path, *, seed: int) -> list[Path]:
    """
    Write `NAME.dev.jsonl.gz` and `NAME.test.jsonl.gz` for each file, and a manifest.

    Sources are read twice, and all of them are checked before anything is written.

    # Parameters

    sources : `Sequence[str | Path]`
        MRQA files.
    folder : `str | Path`
        The folder to write to; it is made if it is not there.
    seed : `int`
        The seed of the split; another one gives other halves.

    # Returns

    `list[Path]`
        What was written, the manifest last.
    """
    refuse_empty_path(folder, "what is to be written", "name a folder")
    folder = Path(folder)
    targets = _targets(sources, folder)
    _refuse_losing(folder / MANIFEST, {half for halves in targets.values() for half in halves})
    chosen = [_dev_lines(source, seed) for source in sources]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"no folder can be made here ({error.strerror})", folder) from error
    with replace_file(folder / MANIFEST) as manifest:
        with ExitStack() as stack:
            for source, halves, dev in zip(sources, targets.values(), chosen, strict=True):
                _write_halves(stack, source, halves, dev)
        files = {
            name: {"source": Path(source).name, "source_sha256": _content_digest(source)}
            | {half: _entry(path) for half, path in zip(HALVES, halves, strict=True)}
            for source, (name, halves) in zip(sources, targets.items(), strict=True)
        }
        content = {"spanbert_allen": VERSION, "seed": seed, "note": _NOTE, "files": files}
        manifest.write(json.dumps(content, indent=2) + "\n")
    return [path for halves in targets.values() for path in halves] + [folder / MANIFEST]


def dev_places(lines: Sequence[Line], *, seed: int) -> frozenset[int]:
    """
    Return the places of the lines that make the dev half.

    Lines that share a context or a question stay together. Groups of such lines are taken in an
    order drawn by the seed, each one that leaves the dev half larger than the test half by at most
    one question. If groups of one question are left over, the sizes of the halves thus differ by at
    most one; otherwise they differ by less than twice the smallest group left over.

    What is in which half depends on the seed and on the ids of questions, and neither on the order
    of lines nor on the machine.

    # Parameters

    lines : `Sequence[Line]`
        All lines of a file.
    seed : `int`
        The seed.
    """
    groups = [(_drawn(lines, places, seed), places) for places in _groups(lines)]
    room = sum(len(line.question_ids) for line in lines) + 1
    dev: set[int] = set()
    for _, places in sorted(groups):
        size = 2 * sum(len(lines[place].question_ids) for place in places)
        if size <= room:
            dev.update(places)
            room -= size
    return frozenset(dev)


def check_manifest(path: str | Path) -> int:
    """
    Read the halves that a manifest names again, and return their number.

    Raises a `DataError` for one that is not as it was written.
    """
    path = Path(path)
    described = _described(path)
    for half, entry in described:
        found = _entry(half)
        different = [name for name in found if found[name] != entry.get(name)]
        if different:
            raise DataError(
                f"is not the half that {path} describes ({', '.join(different)}); make it anew",
                half,
            )
    return len(described)


def _described(manifest: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return the halves that a manifest names, and what it says of each."""
    text = "\n".join(line for _, line in read_lines(manifest))
    try:
        files = json.loads(text)["files"]
        entries = [files[name][half] for name in files for half in HALVES]
        return [(manifest.parent / Path(entry["file"]).name, entry) for entry in entries]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DataError(
            "no manifest of split-mrqa; give the one beside the halves", manifest
        ) from error


def _refuse_losing(manifest: Path, halves: set[Path]) -> None:
    """Raise `DataError` for a manifest of other halves, which would stay without it."""
    try:
        described = _described(manifest) if manifest.is_file() else []
    except DataError:  # a broken one describes nothing
        return
    for half, _ in described:
        if half not in halves and half.exists():
            raise DataError(
                f"describes {half.name} as well, and would be replaced: halve all files in one "
                "command, or choose another --out",
                manifest,
            )


def _targets(sources: Sequence[str | Path], folder: Path) -> dict[str, tuple[Path, ...]]:
    """Return the halves to write, by the name of the source."""
    targets: dict[str, tuple[Path, ...]] = {}
    for source in sources:
        if str(source) == STANDARD_STREAM:
            raise DataError("standard input cannot be read twice; name a file", source)
        name = Path(source).name.removesuffix(".gz").removesuffix(".jsonl")
        if name in targets:
            raise DataError(f"two files are called {name}; give them different names", source)
        targets[name] = tuple(folder / f"{name}.{half}.jsonl.gz" for half in HALVES)
    for source in sources:
        for halves in targets.values():
            if Path(source).resolve() in [path.resolve() for path in halves]:
                raise DataError("a half would take its place; choose another --out", source)
    return targets


def _dev_lines(source: str | Path, seed: int) -> frozenset[int]:
    """Return the places of the lines of the dev half; the header is no line here."""
    lines = [line for _, line in _read(source) if line is not None]
    dev = dev_places(lines, seed=seed)
    if len({place in dev for place, line in enumerate(lines) if line.question_ids}) < 2:
        raise DataError("has questions on fewer than two contexts; there are no halves", source)
    return dev


def _write_halves(
    stack: ExitStack, source: str | Path, halves: Sequence[Path], dev: frozenset[int]
) -> None:
    """Copy each line to its half; the files take their names when the stack is closed."""
    files = [stack.enter_context(replace_file(path)) for path in halves]
    place = 0
    for text, line in _read(source):
        if line is None:
            for file in files:
                file.write(f"{text}\n")
        else:
            files[place not in dev].write(f"{text}\n")
            place += 1


def _read(path: str | Path) -> Iterator[tuple[str, Line | None]]:
    """Yield each line with what is in it; the header with `None`."""
    number = 0
    for number, text in read_lines(path):
        if number == 1:
            if "header" not in json_object(text, path=path, line=1):
                raise DataError(
                    'no MRQA file: the first line must be its header, {"header": {...}}; take the '
                    "file of the shared task",
                    path,
                    1,
                )
            yield text, None
        elif text.strip():
            yield text, _line(json_object(text, path=path, line=number), path, number)
    if not number:
        raise DataError("is empty; give a file of MRQA's", path)


def _line(record: dict[str, Any], path: str | Path, number: int) -> Line:
    context, questions = record.get("context"), record.get("qas")
    if isinstance(context, str) and isinstance(questions, list):
        try:
            ids = [record_id(one["qid"]) for one in questions]
            return Line(_digest(context), tuple(ids))
        except (RecordError, LookupError, TypeError):
            pass  # said below
    raise DataError(
        "no MRQA record: it needs a text `context` and a list `qas` of questions with a `qid`",
        path,
        number,
    )


def _groups(lines: Sequence[Line]) -> list[list[int]]:
    """Return the places of lines that share a context or a question, directly or through others."""
    above = list(range(len(lines)))

    def top(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, line in enumerate(lines):
        keys = [("context", line.context), *(("question", name) for name in line.question_ids)]
        for key in keys:
            above[top(first.setdefault(key, place))] = top(place)
    groups = defaultdict(list)
    for place in range(len(lines)):
        groups[top(place)].append(place)
    return list(groups.values())


def _drawn(lines: Sequence[Line], places: Sequence[int], seed: int) -> tuple[str, str]:
    """Return what a group is sorted by; the context settles it for groups without questions."""
    ranks = [_digest("\n".join((str(seed), *lines[place].question_ids))) for place in places]
    return min(ranks), min(lines[place].context for place in places)


def _entry(path: Path) -> dict[str, Any]:
    """Return what the manifest says of a half."""
    lines = [line for _, line in _read(path) if line is not None]
    ids = sorted(name for line in lines for name in line.question_ids)
    return {
        "file": path.name,
        "sha256": _content_digest(path),
        "contexts": len(lines),
        "questions": len(ids),
        "question_ids_sha256": _digest("\n".join(ids)),
    }


def _content_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, unpacked."""
    content = hashlib.sha256()
    with open_bytes(path) as file:
        while block := file.read(1 << 20):
            content.update(block)
    return content.hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
