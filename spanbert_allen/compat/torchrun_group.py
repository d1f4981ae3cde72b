"""
How the workers that torchrun has started find each other, in every start anew.

**Cause.** Torchrun keeps one store of keys and values for all its starts, and the workers of a
second start find the addresses of the first in it. The number of restarts does not tell starts
apart, as each machine counts its own failures.

**Repair.** The workers agree on a part of the store that no start before has used.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from torch import distributed
from torch.distributed import PrefixStore, Store, rendezvous  # type: ignore[attr-defined]

_OURS = "spanbert_allen"
_PAUSE = 0.05  # seconds between two looks into the store


def torchrun_store() -> Store:
    """Return torchrun's store, which all starts of a run have in common."""
    store: Store = next(rendezvous("env://"))[0]
    return PrefixStore(_OURS, store)


def store_of_this_start(store: Store, rank: int, world_size: int) -> Store:
    """
    Agree with the other workers on a part of the store; each of them must call this.

    Every worker says hello with a word of its own, new in each start. The first one answers the
    words that it finds with the name of the part, those of dead workers too, until all others
    have said that they know the name.

    # Parameters

    store : `Store`
        That of `torchrun_store`.
    rank : `int`
        The number of this worker, from 0.
    world_size : `int`
        The number of workers.
    """
    word = uuid4().hex
    if rank > 0:
        store.set(f"hello/{rank}", word)
        name = store.get(f"answer/{word}").decode()  # which waits for it
        store.add(f"known/{name}", 1)
        return PrefixStore(name, store)
    while store.add(f"known/{word}", 0) < world_size - 1:
        for other in range(1, world_size):
            if store.check([f"hello/{other}"]):
                store.set(f"answer/{store.get(f'hello/{other}').decode()}", word)
        time.sleep(_PAUSE)
    return PrefixStore(word, store)


@contextmanager
def groups_through(store: Store) -> Iterator[None]:
    """
    Let AllenNLP's workers meet through a store, whatever address they were given.

    # Parameters

    store : `Store`
        That of `store_of_this_start`.
    """
    init_process_group = distributed.init_process_group

    def init(backend: str, *, rank: int, world_size: int, **_address: Any) -> None:
        init_process_group(backend, store=store, rank=rank, world_size=world_size)

    distributed.init_process_group = init  # type: ignore[assignment]
    try:
        yield
    finally:
        distributed.init_process_group = init_process_group
