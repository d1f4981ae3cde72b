"""
Loading processes shuffle as the seed says.

**Cause.** A data loader with `num_workers` forks, and Python gives each forked process random
numbers of its own: what `shuffle` makes there is another order in each run, whatever the seed, and
no restart can repeat it.

**Repair.** The processes are seeded with a number that is drawn where they are started. With one of
them batches come in the order that the seed says; several race, as before. Processes that are
spawned instead (`start_method`) are as they were.
"""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy
from allennlp.data.data_loaders import MultiProcessDataLoader

_STARTS = ("_start_instance_workers", "_start_batch_workers")
_WORKERS = ("_instance_worker", "_batch_worker")
_ORIGINALS = {name: getattr(MultiProcessDataLoader, name) for name in (*_STARTS, *_WORKERS)}


def needed() -> bool:
    return True


def apply() -> None:
    for name in _STARTS:
        setattr(MultiProcessDataLoader, name, _drawing_a_seed(_ORIGINALS[name]))
    for name in _WORKERS:
        setattr(MultiProcessDataLoader, name, _seeded(_ORIGINALS[name]))


def _drawing_a_seed(start: Any) -> Any:
    @functools.wraps(start)
    def starting(self: Any, *args: Any) -> Any:
        self._processes_seed = random.getrandbits(32)
        return start(self, *args)

    return starting


def _seeded(work: Any) -> Any:
    @functools.wraps(work)
    def working(self: Any, worker_id: int, *args: Any) -> None:
        seed = (self._processes_seed + worker_id) % 2**32
        random.seed(seed)
        numpy.random.seed(seed)  # noqa: NPY002  readers may use it
        work(self, worker_id, *args)

    return working
