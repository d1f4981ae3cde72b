"""Archives with something wrong in them, made of those of the fixtures."""

from __future__ import annotations

import copy
import functools
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import places

TASKS = ("coref", "qa", "relation", "sequence")


@functools.cache
def members(task: str) -> Mapping[str, bytes]:
    """Return the files of the fixture's archive of a task."""
    with tarfile.open(places.FIXTURES / "archives" / f"{task}.tar.gz") as archive:
        streams = {member.name: archive.extractfile(member) for member in archive}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


def config_of(task: str) -> dict[str, Any]:
    """Return the configuration of the fixture's archive of a task, to be changed."""
    return copy.deepcopy(json.loads(members(task)["config.json"]))


def write_archive(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive of these files."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def changed(path: Path, task: str, changes: Mapping[str, bytes | None]) -> Path:
    """Write an archive of a task with other contents in place of some; `None` takes a file out."""
    files = {**members(task), **changes}
    return write_archive(path, {name: text for name, text in files.items() if text is not None})


def with_config(path: Path, task: str, config: Any) -> Path:
    """Write an archive of a task with another configuration."""
    return changed(path, task, {"config.json": json.dumps(config).encode()})
