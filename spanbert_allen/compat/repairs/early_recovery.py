"""
`allennlp train --recover` also after a run that was ended before its first checkpoint.

**Cause.** What a run writes at its start is not written whole or not at all: a `config.json` that
is missing or breaks off makes `--recover` give up, for good. And weights without a checkpoint
(`best.th`, when the run was ended between the two) look like a trained model, so that an encoder of
ours is built without its pretrained weights, which no checkpoint then brings. With several workers
the vocabulary is read again, which may not be there.

A run cannot go on with another number of workers either: the block `distributed` is compared.

**Repair.** The block `distributed` may be another one. Where there is no checkpoint, there is
nothing of the training to go on from: `--recover` begins anew, from the configuration that it is
given. `best.th` is removed, and with several workers the vocabulary is made again. A folder with
files that no run writes is refused as before, and so is another configuration; nothing is removed
then.
"""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from allennlp.common import Params
from allennlp.training import util as training_util

from spanbert_allen.compat.replacing import replace_function

_create_serialization_dir = training_util.create_serialization_dir

_CONFIG = "config.json"
_VOCABULARY = "vocabulary"
_WORKERS = "distributed"
_OF_A_START = {_CONFIG, "meta.json", "out.log", "err.log", "encoder", _VOCABULARY, "log"}


def needed() -> bool:
    return True


def apply() -> None:
    replace_function(_create_serialization_dir, create_serialization_dir)


@functools.wraps(_create_serialization_dir)
def create_serialization_dir(
    params: Params, serialization_dir: str | os.PathLike[str], recover: bool, force: bool
) -> None:
    folder = Path(serialization_dir)
    begins_anew = (
        recover and not force and folder.is_dir() and not any(folder.glob("model_state_*.th"))
    )
    if begins_anew and not _is_whole(folder / _CONFIG) and is_only_begun(folder):
        params.to_file(str(folder / _CONFIG))
    compared = _with_workers_of(folder / _CONFIG, params) if recover and not force else params
    _create_serialization_dir(compared, serialization_dir, recover, force)
    if begins_anew:
        (folder / "best.th").unlink(missing_ok=True)
        if _WORKERS in params:
            shutil.rmtree(folder / _VOCABULARY, ignore_errors=True)
            training_util.make_vocab_from_params(params.duplicate(), str(folder))


def _with_workers_of(config: Path, params: Params) -> Params:
    """Return a configuration with the block `distributed` of another one, if that can be read."""
    if not _is_whole(config):
        return params
    theirs = Params.from_file(str(config)).as_dict(quiet=True)
    mine = {key: value for key, value in params.as_dict(quiet=True).items() if key != _WORKERS}
    return Params(mine | {key: value for key, value in theirs.items() if key == _WORKERS})


def _is_whole(config: Path) -> bool:
    try:
        Params.from_file(str(config))
    except (OSError, RuntimeError):  # missing, or no whole JSON
        return False
    return True


def is_only_begun(folder: Path) -> bool:
    """Return whether a folder holds nothing but what a run writes before its first update."""
    return all(
        path.name in _OF_A_START
        or path.name.startswith((".", "out_worker"))
        or path.suffix == ".lock"
        for path in folder.iterdir()
    )
