import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training import TokenBudgetSampler

RANDOM = np.random.default_rng(0)
# Windows of questions and paragraphs, cut at 384 pieces; documents of OntoNotes, and of LitBank.
QUESTIONS = np.clip(RANDOM.lognormal(np.log(165), 0.35, 5000), 40, 384).astype(int).tolist()
DOCUMENTS = np.clip(RANDOM.lognormal(np.log(500), 0.7, 2800), 40, 5000).astype(int).tolist()
CHAPTERS = RANDOM.normal(2800, 150, 80).astype(int).tolist()


def sampler(max_pieces, **settings):
    """Of whole numbers in place of instances, which are their own lengths."""
    return TokenBudgetSampler(max_pieces, length_field=lambda length: length, **settings)


def epochs(a_sampler, lengths, count):
    return [a_sampler.get_batch_indices(lengths) for _ in range(count)]


def company(batches):
    """Who meets whom, whatever the order."""
    return sorted(sorted(batch) for batch in batches)


def padding(batches, lengths):
    used = sum(len(batch) * max(lengths[place] for place in batch) for batch in batches)
    return 1 - sum(lengths) / used


def test_as_many_as_fit_the_longest_first_when_nothing_is_shuffled():
    lengths = [4, 2, 3, 9, 1, 2, 4, 0, 0]
    its = sampler(8, shuffle=False)
    assert epochs(its, lengths, 2) == 2 * [[[3], [0, 6], [2, 1], [5, 4, 7, 8]]]
    assert its.get_num_batches(lengths) == 4
    capped = sampler(8, shuffle=False, max_batch_size=2)
    assert capped.get_batch_indices(lengths) == [[3], [0, 6], [2, 1], [5, 4], [7, 8]]


def test_empty_documents_take_a_place_each():
    assert sampler(3, shuffle=False).get_batch_indices([0] * 8) == [[0, 1, 2], [3, 4, 5], [6, 7]]


@given(
    st.lists(st.integers(0, 600), max_size=80),
    st.integers(1, 3000),
    st.none() | st.integers(1, 9),
    st.sampled_from([0.0, 0.05, 0.5]),
    st.booleans(),
)
@settings(deadline=None)
def test_every_instance_once_an_epoch_within_the_budget(lengths, budget, most, noise, shuffle):
    its = sampler(budget, max_batch_size=most, padding_noise=noise, shuffle=shuffle)
    for batches in epochs(its, lengths, 3):
        assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
        assert len(batches) == its.get_num_batches(lengths)
        for batch in batches:
            longest = max(lengths[place] for place in batch)
            assert len(batch) == 1 or len(batch) * longest <= budget
            assert most is None or len(batch) <= most


@pytest.mark.parametrize(
    ("lengths", "settings"),
    [
        (QUESTIONS, {"max_pieces": 32 * 384}),
        (QUESTIONS, {"max_pieces": 32 * 384, "max_batch_size": 32}),
        (DOCUMENTS, {"max_pieces": 4096}),
        (DOCUMENTS, {"max_pieces": 8192}),
        (CHAPTERS, {"max_pieces": 8192}),
    ],
)
def test_less_than_a_tenth_is_padding_and_other_instances_meet(lengths, settings):
    its = sampler(**settings)
    first, second, third = epochs(its, lengths, 3)
    assert max(padding(batches, lengths) for batches in (first, second, third)) < 0.06
    assert company(first) != company(second) != company(third)
    # No more batches than a few over the fewest possible.
    assert len(first) < 1.08 * sampler(**settings, shuffle=False).get_num_batches(lengths)
    # Long and short come in any order.
    longest = [max(lengths[place] for place in batch) for batch in first]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.5


def test_the_number_of_batches_holds_where_noise_would_change_it():
    """Some of these hundred epochs would have more batches, and more of them fewer."""
    lengths = DOCUMENTS[:300]
    for seed in range(20):
        its = sampler(4096, padding_noise=0.2, seed=seed)
        for batches in epochs(its, lengths, 5):
            assert len(batches) == its.get_num_batches(lengths)
            assert sum(map(len, batches)) == len(lengths)


def test_few_instances_meet_others_too():
    lengths = QUESTIONS[:60]
    found = [company(batches) for batches in epochs(sampler(4096), lengths, 6)]
    assert len({str(batches) for batches in found}) >= 4


def test_equal_lengths_meet_others_without_noise():
    first, second = epochs(sampler(10, padding_noise=0), [5] * 20, 2)
    assert company(first) != company(second)


def test_the_seed_decides_and_nothing_else():
    first = epochs(sampler(4096, seed=1), DOCUMENTS, 2)
    np.random.default_rng(1).random()
    assert epochs(sampler(4096, seed=1), DOCUMENTS, 2) == first
    assert epochs(sampler(4096, seed=2), DOCUMENTS, 2) != first


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 3), st.integers(0, 99))
@settings(deadline=None)
def test_resumed_it_goes_on_as_if_never_stopped(lengths, done, seed):
    whole = epochs(sampler(100, seed=seed), lengths, 4)
    killed, resumed = sampler(100, seed=seed), sampler(100, seed=seed)
    epochs(killed, lengths, done)
    killed.get_num_batches(lengths)  # asking moves nothing
    resumed.load_state_dict(killed.state_dict())
    assert epochs(resumed, lengths, 4 - done) == whole[done:]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_pieces": 0}, "`max_pieces` of the batch sampler is 0: it must be 1 or more"),
        ({"max_batch_size": 0}, "`max_batch_size` of the batch sampler is 0: it must be 1 or more"),
        ({"padding_noise": 1.0}, "`padding_noise` of the batch sampler is 1.0: it must be 0 or"),
        ({"seed": -1}, "`seed` of the batch sampler is -1: it must be 0 or more"),
    ],
)
def test_wrong_settings(wrong, message):
    with pytest.raises(ConfigError, match=message):
        TokenBudgetSampler(**{"max_pieces": 10, **wrong})
