"""
Opening an archive makes no connection, unless the user allows it.

**Cause.** A configuration may hold URLs, which AllenNLP downloads, and names of models, for which
transformers asks its hub even when the files are in the local cache, or spaCy's, which AllenNLP
installs with pip.

**Repair.** While an archive is opened, URLs are refused with one sentence, and connections by an
error that libraries take for a hub that is out of reach: they then look into their cache.
"""

from __future__ import annotations

import functools
import socket
from os import PathLike
from typing import Any

from allennlp.common import file_utils, util

from spanbert_allen.common.permissions import may_use_network, network_refusal, opened_archive
from spanbert_allen.compat.replacing import replace_function

_cached_path = file_utils.cached_path
_spacy_download = util.spacy_download
# Python's own class, also where a test suite has put a subclass in its place.
_Socket: Any = next(kind for kind in socket.socket.__mro__ if kind.__module__ == "socket")
_connect = _Socket.connect


def needed() -> bool:
    """Return that the repair is needed with every version."""
    return True


def apply() -> None:
    """Put the checks in place."""
    replace_function(_cached_path, cached_path)
    util.spacy_download = spacy_download
    _Socket.connect = connect


@functools.wraps(_cached_path)
def cached_path(url_or_filename: str | PathLike[str], *args: Any, **kwargs: Any) -> Any:
    """
    Return the local path of a file or URL as AllenNLP does.

    Raises `DataError` for a URL while an archive is opened that may not use the network.
    """
    archive = opened_archive()
    if archive is not None and "://" in str(url_or_filename) and not may_use_network():
        raise network_refusal(archive, str(url_or_filename))
    return _cached_path(url_or_filename, *args, **kwargs)


@functools.wraps(_spacy_download)
def spacy_download(model: str, *args: Any, **kwargs: Any) -> Any:
    """Install a model of spaCy's; `DataError` while an archive is opened without that leave."""
    archive = opened_archive()
    if archive is not None and not may_use_network():
        raise network_refusal(archive, f"spaCy's model {model}")
    return _spacy_download(model, *args, **kwargs)


@functools.wraps(_connect)
def connect(self: Any, address: Any) -> Any:
    """Connect a socket; an archive that is opened without leave connects to this machine only."""
    is_unix = isinstance(address, str | bytes)
    if not is_unix and not may_use_network():
        raise ConnectionRefusedError("an archive that is opened may not use the network")
    return _connect(self, address)
