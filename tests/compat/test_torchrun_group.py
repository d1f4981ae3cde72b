"""How workers of torchrun find each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from torch.distributed import HashStore

from spanbert_allen.compat.torchrun_group import store_of_this_start


def start(store, world_size):
    """Let all workers meet; return what each then finds where the first has left a note."""

    def worker(rank):
        mine = store_of_this_start(store, rank, world_size)
        if rank == 0:
            mine.set("note", f"from the first of {world_size}")
        return mine.get("note").decode(), mine.add("count", 1)

    with ThreadPoolExecutor(world_size) as pool:
        return list(pool.map(worker, range(world_size)))


def test_every_start_has_a_part_of_the_store_of_its_own():
    store = HashStore()
    for world_size in (3, 2, 3, 1):
        found = start(store, world_size)
        assert {note for note, _ in found} == {f"from the first of {world_size}"}
        assert sorted(count for _, count in found) == [*range(1, world_size + 1)]


def test_workers_that_died_in_the_midst_of_it_are_not_waited_for():
    store = HashStore()
    for rank in (1, 2):
        store.set(f"hello/{rank}", "of a dead worker")
    assert len(start(store, 3)) == 3
