"""Batches after a restart are those that were still to come."""

from __future__ import annotations

import random

import pytest
from allennlp.data import Instance, Vocabulary
from allennlp.data.data_loaders import MultiProcessDataLoader, SimpleDataLoader
from allennlp.data.dataset_readers import DatasetReader
from allennlp.data.fields import MetadataField

from spanbert_allen.training import FrozenBatchSampler
from spanbert_allen.training.batches.resumable import ResumableBatches
from spanbert_allen.training.recovery.random_state import random_state, set_random_state


class Numbers(DatasetReader):
    """Instances of one number."""

    def _read(self, file_path):
        for number in range(11):
            yield Instance({"number": MetadataField(number)})


def loader(**settings):
    made = MultiProcessDataLoader(Numbers(), "none", quiet=True, **settings)
    made.index_with(Vocabulary())
    return made


def numbers(batches):
    return [tuple(batch["number"]) for batch in batches]


LOADERS = {
    "shuffled": {"batch_size": 2, "shuffle": True},
    "sampler": {},
    "streaming": {"batch_size": 2, "shuffle": True, "max_instances_in_memory": 4},
    "a process": {"batch_size": 2, "shuffle": True, "max_instances_in_memory": 4, "num_workers": 1},
    "batches_per_epoch": {"batch_size": 2, "shuffle": True, "batches_per_epoch": 4},
    "simple": {"batch_size": 2, "shuffle": True},
}


def make(name):
    if name == "sampler":
        return loader(batch_sampler=FrozenBatchSampler(2, length_field="number"))
    if name == "simple":
        return SimpleDataLoader(list(Numbers()._read("none")), **LOADERS[name])
    return loader(**LOADERS[name])


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(("epoch", "done"), [(0, 0), (0, 3), (1, 0), (1, 2), (2, 4)])
def test_a_restart_in_any_place(name, epoch, done):
    random.seed(3)
    whole = ResumableBatches(make(name))
    for number in range(epoch):
        numbers(whole.epoch(number))
    state, between = whole.state_dict(), random_state()
    running = whole.epoch(epoch)
    for _ in range(done):
        next(running)
    if done:
        state, between = whole.state_dict(), random_state()
    expected = [numbers(running), numbers(whole.epoch(epoch + 1))]

    random.seed(99)
    resumed = ResumableBatches(make(name))
    resumed.load_state_dict(state)
    set_random_state(between)
    batches = resumed.epoch(epoch, skip=done)
    if done:
        set_random_state(between)
    assert [numbers(batches), numbers(resumed.epoch(epoch + 1))] == expected


def test_reading_a_sampled_loader_before_moves_nothing():
    one, other = make("sampler"), make("sampler")
    list(other)
    assert numbers(ResumableBatches(one).epoch(0)) == numbers(ResumableBatches(other).epoch(0))
