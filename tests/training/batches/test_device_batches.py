"""Batches that are read and copied ahead are the same, and change nothing else."""

from __future__ import annotations

import random
from contextlib import nullcontext
from types import SimpleNamespace
from typing import NamedTuple

import numpy
import pytest
import torch
from allennlp.data.data_loaders import MultiProcessDataLoader

from spanbert_allen.training.batches import resumable
from spanbert_allen.training.batches.device_batches import CopiesToCuda, DeviceBatches, map_tensors
from spanbert_allen.training.batches.resumable import ResumableBatches, copies_to
from spanbert_allen.training.recovery.random_state import random_state, set_random_state
from tests.training.batches.test_resumable import LOADERS, loader, make, numbers
from tests.training.memory.test_budget import Toy, make_loader, make_trainer

CPU = torch.device("cpu")


class NotedCopies:
    """Copies as to a GPU, noted; on the CPU."""

    def __init__(self):
        self.events = []

    def begin(self, batch):
        self.events.append(("begin", batch.get("number")))
        return batch

    def end(self, batch):
        self.events.append(("end", batch.get("number")))
        return batch


@pytest.fixture
def copies(monkeypatch):
    made = NotedCopies()
    monkeypatch.setattr(resumable, "copies_to", lambda device: made)
    return made


def drawn(count):
    """Batches of a reader that draws from all the generators that readers have."""
    for number in range(count):
        yield {"number": number, "drawn": (random.random(), float(numpy.random.rand()))}  # noqa: NPY002


def test_the_next_batch_is_copied_while_one_is_computed():
    noted = NotedCopies()
    batches = DeviceBatches(drawn(3), noted)
    for _ in batches:
        noted.events.append(("computed", None))
        batches.prepare()
    assert noted.events == [
        *(("begin", 0), ("end", 0), ("computed", None), ("begin", 1)),
        *(("end", 1), ("computed", None), ("begin", 2)),
        *(("end", 2), ("computed", None)),
    ]


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_what_training_draws_does_not_depend_on_how_far_ahead_it_reads(ahead):
    random.seed(5)
    read, trained = [], []
    batches = DeviceBatches(drawn(4), NotedCopies())
    for batch in batches:
        for _ in range(ahead):
            batches.prepare()
        read.append(batch["drawn"])
        trained.append(random.random())
    after = random.random()
    random.seed(5)
    numpy.random.seed(20)  # noqa: NPY002  as each test begins
    assert read == [batch["drawn"] for batch in drawn(4)]
    assert after == random.random()
    random.seed(5)
    assert trained == [random.random() for _ in range(4)]


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(("epoch", "done"), [(0, 3), (1, 0), (1, 2)])
def test_a_restart_with_batches_copied_ahead(copies, name, epoch, done):
    def prepared(source, batches, count):
        for _ in range(count):
            next(batches)
            source.prepare()

    random.seed(3)
    whole = ResumableBatches(make(name), CPU)
    for number in range(epoch):
        numbers(whole.epoch(number))
    state, between = whole.state_dict(), random_state()
    running = whole.epoch(epoch)
    prepared(whole, running, done)
    if done:
        state, between = whole.state_dict(), random_state()
    expected = numbers(running)

    random.seed(77)
    again = ResumableBatches(make(name), CPU)
    again.load_state_dict(state)
    set_random_state(between)
    rest = again.epoch(epoch, skip=done)
    set_random_state(between)
    assert numbers(rest) == expected


def test_a_worker_without_further_batches_has_its_last_one_on_the_device(copies):
    batches = ResumableBatches(loader(batch_size=2), CPU)
    batches.load_state_dict({"epoch_start": random_state()})
    batches.epoch(0, skip=2)
    assert numbers([batches.latest_dropped]) == [(2, 3)]
    assert copies.events == [("begin", [2, 3]), ("end", [2, 3])]


def test_a_training_ends_with_the_same_weights(tmp_path, monkeypatch):
    def trained(folder):
        torch.manual_seed(1)
        random.seed(1)
        model, data = Toy(), make_loader()
        trainer = make_trainer(
            tmp_path / folder,
            model,
            data,
            num_epochs=2,
            num_gradient_accumulation_steps=2,
        )
        trainer._validation_data_loader = make_loader()
        trainer.train()
        return model.first.weight

    plain = trained("plain")
    noted = NotedCopies()
    monkeypatch.setattr(resumable, "copies_to", lambda device: noted)
    assert torch.equal(trained("ahead"), plain)
    assert len(noted.events) == 24  # three batches of training and of validation, two epochs


def test_the_trainer_prepares_the_next_batch_before_it_reads_the_loss(tmp_path, copies):
    model = Toy()
    trainer = make_trainer(tmp_path, model, make_loader(), announce_memory=False)
    model.register_forward_hook(lambda *_: copies.events.append(("forward", None)))
    trainer.optimizer.register_step_pre_hook(lambda *_: copies.events.append(("update", None)))
    trainer.train()
    said = [name for name, _ in copies.events]
    assert said[:6] == ["begin", "end", "forward", "begin", "update", "end"]


def test_only_data_that_is_read_in_training_has_a_process_for_it(copies):
    lazy, held = loader(**LOADERS["streaming"]), loader(**LOADERS["shuffled"])
    several = loader(batch_size=2, max_instances_in_memory=4, num_workers=2)
    for one in (lazy, held, several):
        ResumableBatches(one, CPU)
    assert (lazy.num_workers, held.num_workers, several.num_workers) == (1, 0, 2)
    assert isinstance(lazy, MultiProcessDataLoader)
    assert (lazy._max_instance_queue_size, lazy._max_batch_queue_size) == (8, 4)


def test_nothing_changes_on_a_cpu():
    lazy = loader(**LOADERS["streaming"])
    lazy.set_target_device(CPU)
    batches = ResumableBatches(lazy, CPU)
    batches.prepare()
    assert copies_to(CPU) is None
    assert lazy.num_workers == 0
    assert not isinstance(batches.epoch(0), DeviceBatches)


class Pair(NamedTuple):
    first: object
    second: object


def test_every_tensor_of_a_batch_is_copied_and_nothing_else():
    name = object()
    batch = {"a": torch.zeros(2), "b": [torch.zeros(1), (torch.zeros(1), name)]}
    batch["c"] = Pair(torch.zeros(1), "text")
    moved = map_tensors(batch, lambda one: one + 1)
    assert moved["a"].tolist() == [1, 1] and batch["a"].tolist() == [0, 0]
    assert moved["b"][1][0].tolist() == [1] and moved["b"][1][1] is name
    assert isinstance(moved["c"], Pair) and moved["c"].second == "text"


def test_a_copy_to_cuda_is_pinned_goes_by_a_stream_of_its_own_and_is_waited_for(monkeypatch):
    said = []

    class Stream:
        def __init__(self, name):
            self.name = name

        def record_event(self):
            said.append(f"event of {self.name}")
            return "copied"

        def wait_event(self, event):
            said.append(f"{self.name} waits for {event}")

    def pinned(tensor):
        said.append("pinned")
        return tensor

    cuda = SimpleNamespace(
        Stream=lambda device: Stream("copies"),
        stream=lambda stream: said.append(f"on {stream.name}") or nullcontext(),
        current_stream=lambda device: Stream("work"),
        Event=object,
    )
    monkeypatch.setattr(torch, "cuda", cuda)
    monkeypatch.setattr(torch.Tensor, "pin_memory", pinned)
    monkeypatch.setattr(
        torch.Tensor, "record_stream", lambda tensor, stream: said.append(f"used by {stream.name}")
    )
    copies = CopiesToCuda(CPU)
    batch = copies.end(copies.begin({"ids": torch.arange(3), "names": ["Ida"]}))
    assert batch["ids"].tolist() == [0, 1, 2] and batch["names"] == ["Ida"]
    assert said == [
        *("pinned", "on copies", "event of copies"),
        *("work waits for copied", "used by work"),
    ]
