"""
What a trained model of somebody else's may do while it is opened: nothing but be read.

While an archive is opened, `opened_archive` says so to everything that is called: names are then
looked up in the registry alone, no connection is made, and no other archive is opened. The user
allows the last two by the argument `allow` of `spanbert_allen.load`, or by the variable
`SPANBERT_ALLEN_ALLOW` for commands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from spanbert_allen.common.errors import ConfigError, DataError

NETWORK, ARCHIVES = "network", "archives"
PERMISSIONS = (NETWORK, ARCHIVES)
VARIABLE = "SPANBERT_ALLEN_ALLOW"


@dataclass
class OpenedArchive:
    """
    An archive that is being opened.

    # Parameters

    path : `str`
        Its path, for messages.
    allowed : `frozenset[str]`
        Which of `PERMISSIONS` the user gave.
    folder : `str`, optional (default = `""`)
        Its unpacked files.
    asked_network : `bool`, optional (default = `False`)
        Whether a connection was refused to it.
    """

    path: str
    allowed: frozenset[str] = field(default_factory=frozenset)
    folder: str = ""
    asked_network: bool = False


_archive: ContextVar[OpenedArchive | None] = ContextVar("archive", default=None)
_granted: ContextVar[frozenset[str] | None] = ContextVar("granted", default=None)


def opened_archive() -> OpenedArchive | None:
    """Return the archive that is being opened, `None` while there is none."""
    return _archive.get()


@contextmanager
def opening(path: str, allowed: frozenset[str] | None = None) -> Iterator[OpenedArchive]:
    """
    Let an archive be the one that is opened while the block runs.

    # Parameters

    path : `str`
        The archive.
    allowed : `frozenset[str]`, optional (default = what `granting` or the variable says)
        Which of `PERMISSIONS` it has.
    """
    archive = OpenedArchive(path, granted() if allowed is None else allowed)
    token = _archive.set(archive)
    try:
        yield archive
    finally:
        _archive.reset(token)


@contextmanager
def granting(permissions: Iterable[str]) -> Iterator[None]:
    """
    Allow archives that are opened while the block runs what a program asked for.

    # Parameters

    permissions : `Iterable[str]`
        Some of `PERMISSIONS`; `ConfigError` for others.
    """
    token = _granted.set(_checked(permissions, "`allow`"))
    try:
        yield
    finally:
        _granted.reset(token)


def granted() -> frozenset[str]:
    """Return what archives are allowed here: by the program, or else by the environment."""
    given = _granted.get()
    if given is not None:
        return given
    names = os.environ.get(VARIABLE, "").replace(",", " ").split()
    return _checked(names, f"the variable {VARIABLE}")


def may_use_network() -> bool:
    """Return whether connections may be made: not while an archive is opened without that leave."""
    archive = _archive.get()
    if archive is None or NETWORK in archive.allowed:
        return True
    archive.asked_network = True
    return False


def network_refusal(archive: OpenedArchive, wanted: str) -> DataError:
    """
    Return the error for an archive that asked for something of the network.

    # Parameters

    archive : `OpenedArchive`
        The archive.
    wanted : `str`
        What it asked for.
    """
    return DataError(
        f"opening it would ask the network for {wanted}, which an archive may not: if you trust "
        f"it, set {VARIABLE}={NETWORK}, or in Python give `allow=['{NETWORK}']`",
        archive.path,
    )


def _checked(permissions: Iterable[str], source: str) -> frozenset[str]:
    given = frozenset([permissions] if isinstance(permissions, str) else permissions)
    unknown = sorted(map(str, given.difference(PERMISSIONS)))
    if unknown:
        raise ConfigError(
            f"{source} has {unknown[0]!r}, which is no permission; there are "
            f"{' and '.join(PERMISSIONS)}"
        )
    return given
