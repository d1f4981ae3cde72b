"""Names of models on the hub, and what its answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from spanbert_allen.common.errors import ConfigError

ARCHIVE = "model.tar.gz"
_ENDING = ".tar.gz"
_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>\w[\w./-]*))?")


@dataclass(frozen=True)
class HubName:
    """
    Name a model on the hub.

    # Parameters

    repo : `str`
        Its owner and its own name: `user/model`.
    revision : `str`, optional (default = `None`)
        A branch, a tag or a commit; the newest by default.
    """

    repo: str
    revision: str | None = None


def hub_name(path: str | Path) -> HubName | None:
    """
    Return what a path means on the hub; `None` if it is a path on this machine.

    A name whose first part is a folder here is a path, so that a wrong one asks no hub.

    # Parameters

    path : `str | Path`
        `user/model`, or `user/model@revision`.
    """
    found = _NAME.fullmatch(str(path))
    if found is None or found["repo"].endswith(_ENDING) or Path(path).parent.exists():
        return None
    return HubName(found["repo"], found["revision"])


def checked_repo(repo: str) -> str:
    """Return the name of a model to write; raise a `ConfigError` if it cannot be one."""
    found = _NAME.fullmatch(repo)
    if found is None or found["revision"] is not None:
        raise ConfigError(f"{repo!r} is no name of a model on the hub; give OWNER/NAME")
    return repo


def reason_of(error: Exception) -> str:
    """Return what the hub's library says, as a part of a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
