from random import Random

import pytest
from allennlp.common import Params
from allennlp.data.samplers import BatchSampler
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training import FrozenBatchSampler

FIRST_ORDER = [7, 3, 2, 8, 5, 6, 9, 4, 0, 1]
SECOND_ORDER = [8, 6, 2, 5, 3, 0, 4, 7, 9, 1]
MODES = st.sampled_from(["sorted", "random_sorted", "random"])
LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=40)


def sampler(batch_size=2, **settings):
    """Of whole numbers in place of instances, which are their own lengths."""
    return FrozenBatchSampler(batch_size, length_field=lambda length: length, **settings)


def epochs(a_sampler, lengths, count):
    return [a_sampler.get_batch_indices(lengths) for _ in range(count)]


def test_orders_of_the_original():
    """Ten batches, seed 42: the orders that the original's loop gave when it was run."""
    first, second = epochs(sampler(), list(range(20)), 2)
    assert first == [[2 * n, 2 * n + 1] for n in FIRST_ORDER]
    assert second == [[2 * n, 2 * n + 1] for n in SECOND_ORDER]


def test_in_random_mode_the_instances_are_shuffled_first_from_the_same_stream():
    random = Random(42)
    order = list(range(7))
    random.shuffle(order)
    batches = [order[:3], order[3:6], order[6:]]
    random.shuffle(batches)
    first = list(batches)
    random.shuffle(batches)
    lengths = [5, 1, 4, 2, 3, 9, 0]
    assert epochs(sampler(3, mode="random"), lengths, 2) == [first, batches]
    unshuffled = sampler(3, mode="random", shuffle_batches=False)
    assert epochs(unshuffled, lengths, 2) == 2 * [[order[:3], order[3:6], order[6:]]]


@pytest.mark.parametrize(
    "settings", [{"mode": "sorted"}, {"mode": "random_sorted", "shuffle_batches": False}]
)
def test_from_short_to_long_equal_ones_as_they_came(settings):
    batches = epochs(sampler(2, **settings), [3, 1, 3, 0, 1], 2)
    assert batches == 2 * [[[3, 1], [4, 0], [2]]]


def test_a_short_batch_is_dropped_on_request_which_is_the_longest():
    lengths = [3, 1, 3, 0, 1]
    dropping = sampler(2, mode="sorted", drop_last=True)
    assert dropping.get_batch_indices(lengths) == [[3, 1], [4, 0]]
    assert dropping.get_num_batches(lengths) == 2
    assert sampler(2).get_num_batches(lengths) == 3
    assert sampler(2, drop_last=True).get_num_batches([1] * 4) == 2


@given(LENGTHS, st.integers(1, 8), MODES, st.booleans(), st.booleans())
@settings(deadline=None)
def test_every_instance_once_an_epoch_in_the_same_company(lengths, size, mode, shuffle, drop):
    its = sampler(size, mode=mode, shuffle_batches=shuffle, drop_last=drop)
    first, *others = epochs(its, lengths, 3)
    places = sorted(place for batch in first for place in batch)
    assert len(set(places)) == len(places)
    assert len(places) == len(lengths) - (len(lengths) % size if drop else 0)
    assert len(first) == its.get_num_batches(lengths)
    assert all(sorted(other) == sorted(first) for other in others)
    assert sum(len(batch) != size for batch in first) <= 1


@given(LENGTHS, MODES, st.integers(0, 3), st.integers(0, 99))
@settings(deadline=None)
def test_resumed_it_goes_on_as_if_never_stopped(lengths, mode, done, seed):
    whole = epochs(sampler(mode=mode, seed=seed), lengths, 5)
    killed, resumed = sampler(mode=mode, seed=seed), sampler(mode=mode, seed=seed)
    epochs(killed, lengths, done)
    assert killed.state_dict() == {"epochs_begun": done}
    resumed.load_state_dict(killed.state_dict())
    assert epochs(resumed, lengths, 5 - done) == whole[done:]
    # The same object goes back too, as when an epoch is begun again.
    resumed.load_state_dict({"epochs_begun": done})
    assert epochs(resumed, lengths, 5 - done) == whole[done:]


def test_other_users_of_random_numbers_do_not_matter_nor_do_callers():
    its = sampler()
    its.get_batch_indices(list(range(20)))[0].clear()
    Random(42).random()
    assert its.get_batch_indices(list(range(20))) == [[2 * n, 2 * n + 1] for n in SECOND_ORDER]


def test_other_instances_are_refused():
    its = sampler()
    its.get_batch_indices([1, 2, 3])
    with pytest.raises(ConfigError, match=r"given 2 instances .* leave `max_instances_in_memory`"):
        its.get_batch_indices([1, 2])


def test_from_a_configuration():
    its = BatchSampler.from_params(
        Params({"type": "spanbert_frozen_batches", "batch_size": 4, "mode": "random", "seed": 1})
    )
    assert isinstance(its, FrozenBatchSampler)
    assert its.get_batch_size() == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "`batch_size` of the batch sampler is 0: it must be 1 or more"),
        ({"mode": "shuffled"}, "`mode` .* 'shuffled': it must be sorted or random_sorted or"),
        ({"seed": -1}, "`seed` of the batch sampler is -1: it must be 0 or more"),
    ],
)
def test_wrong_settings(wrong, message):
    with pytest.raises(ConfigError, match=message):
        FrozenBatchSampler(**{"batch_size": 2, **wrong})
