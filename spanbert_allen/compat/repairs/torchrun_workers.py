"""
`train` as one of the workers that torchrun has started.

**Cause.** `allennlp train` knows only the workers that it starts itself, on devices that the
configuration lists. Started by torchrun, each worker would train alone, all in one folder. On
several machines AllenNLP's first worker of each machine would write.

**Repair.** The workers find each other through the environment that torchrun sets. The first of all
makes the folder and the vocabulary while the others wait, and only it writes. Each trains on the
GPU of its local rank, or on the CPU where there is none. Workers that torchrun has started again go
on from the last checkpoint, as with `--recover`. The configuration does not say how many workers
there are, so that it is the same for any number.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from allennlp.commands import train
from allennlp.common import Params
from allennlp.common.meta import Meta
from allennlp.data import Vocabulary
from allennlp.models import Model, archival
from allennlp.training import util as training_util
from torch import distributed
from torch.distributed import Store  # type: ignore[attr-defined]

from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.common.torchrun import TorchrunPlace, torchrun_place
from spanbert_allen.compat import torchrun_group
from spanbert_allen.compat.replacing import replace_function

_train_model = train.train_model

_PREPARED = "prepared"
_VOCABULARY = "vocabulary"
_TOKENS = ("padding_token", "oov_token")
_LONGEST_PREPARATION = timedelta(days=7)
_PATIENCE = 90.0  # seconds until a file of one machine is seen by another: NFS may take a minute
_LOST_WORKER = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")


def needed() -> bool:
    return True


def apply() -> None:
    replace_function(_train_model, functools.wraps(_train_model)(train_model))


def train_model(
    params: Params,
    serialization_dir: str | os.PathLike[str],
    recover: bool = False,
    force: bool = False,
    **others: Any,
) -> Model | None:
    place = torchrun_place(os.environ)
    if place is None:
        return _train_model(params, serialization_dir, recover, force, **others)
    if others.get("dry_run"):
        if place.rank > 0:
            return None
        return _train_model(params, serialization_dir, recover, force, **others)
    accelerator = check_config(params)
    device = worker_device(place, params.params.get("trainer", {}).get("cuda_device"))
    store = torchrun_group.torchrun_store()
    store.set_timeout(_LONGEST_PREPARATION)
    folder = Path(serialization_dir)
    is_begun = place.restarts > 0 or store.check([_begun(folder)])
    force = force and not is_begun  # the start before has emptied the folder
    has_files = folder.is_dir() and any(folder.iterdir())
    recover = has_files and not force and (recover or is_begun)
    if place.world_size > 1:
        worker = Worker(place, device, store, folder)
        return worker.train(params, accelerator, recover=recover, force=force, **others)
    store.set(_begun(folder), "")
    params.pop("distributed", None)  # AllenNLP itself takes the first GPU, if there is one
    return _train_model(params, serialization_dir, recover, force, **others)


def _begun(folder: Path) -> str:
    """Return the key that says that workers of this run have begun to train in a folder."""
    return f"begun/{folder.resolve()}"


@dataclass(frozen=True)
class Worker:
    """
    One of several workers that torchrun has started.

    # Parameters

    place : `TorchrunPlace`
        Its place among them.
    device : `int`
        Its GPU, or -1 for the CPU.
    store : `Store`
        What the workers have in common.
    folder : `Path`
        Where to train.
    """

    place: TorchrunPlace
    device: int
    store: Store
    folder: Path

    def train(
        self,
        params: Params,
        accelerator: dict[str, Any],
        *,
        recover: bool,
        force: bool,
        include_package: Sequence[str] | None = None,
        file_friendly_logging: bool = False,
        return_model: bool | None = None,
        **_alone: Any,
    ) -> Model | None:
        place, folder = self.place, self.folder
        store = torchrun_group.store_of_this_start(self.store, place.rank, place.world_size)
        if place.rank == 0:
            tokens = self._prepare_for_all(store, params, recover=recover, force=force)
        else:
            tokens = wait_until_prepared(store, folder)
        params.pop("evaluation", None)
        params.pop("distributed", None)
        included = params.pop("include_in_archive", None)
        source = {"type": "from_files", "directory": str(folder / _VOCABULARY)}
        params["vocabulary"] = {**source, **tokens}
        with torchrun_group.groups_through(store), one_sentence_for_lost_workers(place.rank):
            train._train_worker(
                process_rank=place.rank,
                params=params.duplicate(),
                serialization_dir=str(folder),
                include_package=list(include_package or ()),
                world_size=place.world_size,
                # It takes its own out of those of all workers.
                distributed_device_ids=[self.device] * place.world_size,
                file_friendly_logging=file_friendly_logging,
                include_in_archive=included,
                distributed_params=Params(accelerator),
            )
        distributed.destroy_process_group()
        if place.rank == 0:
            archival.archive_model(str(folder), include_in_archive=included)
        return Model.load(params, str(folder)) if return_model else None

    def _prepare_for_all(
        self, store: Store, params: Params, *, recover: bool, force: bool
    ) -> dict[str, str]:
        """Make the folder and the vocabulary, and tell the others; return their tokens."""
        folder, vocabulary_folder = self.folder, self.folder / _VOCABULARY
        tokens = None
        try:
            training_util.create_serialization_dir(params, str(folder), recover, force)
            self.store.set(_begun(folder), "")
            params.to_file(str(folder / "config.json"))
            Meta.new().to_file(folder / "meta.json")
            archival.verify_include_in_archive(params.params.get("include_in_archive"))
            if vocabulary_folder.is_dir() and any(folder.glob("model_state_*.th")):
                vocabulary = Vocabulary.from_files(str(vocabulary_folder))
            else:
                shutil.rmtree(vocabulary_folder, ignore_errors=True)
                config = params.duplicate()
                vocabulary = training_util.make_vocab_from_params(config, str(folder))
            tokens = {name: str(getattr(vocabulary, f"_{name}")) for name in _TOKENS}
            return tokens
        finally:
            store.set(_PREPARED, json.dumps(tokens))


@contextmanager
def one_sentence_for_lost_workers(rank: int) -> Iterator[None]:
    """Let a worker say in one sentence that another, which it waited for, has ended."""
    try:
        yield
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _LOST_WORKER):
            raise
        raise UserError(
            f"worker {rank} has lost another worker, which has ended: see its own message; "
            "torchrun's --max-restarts goes on from the last checkpoint, and so does --recover"
        ) from error


def check_config(params: Params) -> dict[str, Any]:
    """
    Check that a configuration leaves to torchrun what torchrun does.

    # Returns

    `dict[str, Any]`
        Its block `distributed`, which can only have a `ddp_accelerator`.

    # Errors

    `ConfigError` if it starts workers.
    """
    block: Mapping[str, Any] = params.as_dict(quiet=True).get("distributed") or {}
    for key in block:
        if key != "ddp_accelerator":
            raise ConfigError(
                f"`distributed.{key}` is for workers that `train` starts, but torchrun has started "
                "them: take it out of the config (of `distributed` only `ddp_accelerator` may stay)"
            )
    return dict(block)


def worker_device(place: TorchrunPlace, configured: int | None) -> int:
    """
    Return the GPU of a worker, that of its local rank; -1 for the CPU.

    # Parameters

    place : `TorchrunPlace`
        The worker's.
    configured : `int`, optional
        `trainer.cuda_device`, which may be -1, to train on the CPU of a machine with GPUs.

    # Errors

    `ConfigError` for another device, or if the machine has fewer GPUs than workers.
    """
    if configured not in (None, -1):
        raise ConfigError(
            f"`trainer.cuda_device` is {configured!r}, but with torchrun each worker takes a GPU "
            "of its own: take it out of the config, or set it to -1 to train on the CPU"
        )
    count = torch.cuda.device_count()
    if configured == -1 or count == 0:
        return -1
    if place.local_rank >= count:
        raise ConfigError(
            f"LOCAL_RANK is {place.local_rank}, but this machine has GPUs for the local ranks up "
            f"to {count - 1} only: give torchrun --nproc-per-node {count}"
        )
    return place.local_rank


def wait_until_prepared(store: Store, folder: Path, patience: float = _PATIENCE) -> dict[str, str]:
    """Wait for the first worker, and return the vocabulary's tokens."""
    tokens: dict[str, str] | None = json.loads(store.get(_PREPARED))
    if tokens is None:
        raise SystemExit(1)  # the first worker says why
    ends = time.monotonic() + patience
    while not (folder / _VOCABULARY).is_dir():
        if time.monotonic() > ends:
            raise ConfigError(
                f"{folder}: the first worker has made this folder, but it is not seen from here: "
                "name one with -s that all machines share"
            )
        time.sleep(0.1)
    return tokens
