"""Which requests go through a model together, and when."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.serving.queue import QueueFullError, Request, RequestQueue


def queue(**changes):
    return RequestQueue(**{"max_pieces": 10, "max_wait": 1.0, "max_requests": 100} | changes)


def request(pieces=1, arrived=0.0, group="a"):
    return Request(group, {}, arrived, prepared=SimpleNamespace(pieces=pieces, problem=None))


def test_requests_wait_for_others_until_the_first_has_waited_long_enough():
    waiting, first, second = queue(), request(), request(arrived=0.5)
    waiting.add(first)
    waiting.add(second)
    assert waiting.take(0.75) == []
    assert waiting.seconds_until_ready(0.75) == 0.25
    assert waiting.take(1.0) == [first, second]
    assert waiting.seconds_until_ready(1.0) is None


def test_a_full_budget_does_not_wait_and_the_rest_stays():
    waiting = queue()
    requests = [request(pieces=4) for _ in range(3)]
    for one in requests:
        waiting.add(one)
    assert waiting.seconds_until_ready(0.0) == 0.0
    assert waiting.take(0.0) == requests[:2]
    assert waiting.take(0.0) == []
    assert len(waiting) == 1


def test_a_request_larger_than_the_budget_goes_alone():
    waiting, large, small = queue(), request(pieces=50), request()
    waiting.add(large)
    waiting.add(small)
    assert waiting.take(0.0) == [large]
    assert waiting.take(1.0) == [small]


def test_only_requests_of_a_group_go_together_and_the_one_that_waited_longest_is_first():
    waiting, late, early = queue(), request(arrived=0.2, group="b"), request(group="a")
    waiting.add(late)
    waiting.add(early)
    assert waiting.take(5.0) == [early]
    assert waiting.take(5.0) == [late]


def test_a_full_queue_takes_no_more_until_one_is_cancelled():
    waiting, first, second = queue(max_requests=1), request(), request()
    waiting.add(first)
    with pytest.raises(QueueFullError):
        waiting.add(second)
    first.answer.cancel()
    waiting.add(second)
    assert waiting.take(1.0) == [second]


def test_nothing_waits_for_others_while_the_queue_drains():
    waiting, one = queue(), request()
    waiting.add(one)
    waiting.is_draining = True
    assert waiting.take(0.0) == [one]


def test_pieces_are_counted_of_what_may_go_next_and_of_no_more():
    waiting = queue()
    requests = [Request(group, {}, 0.0) for group in "aabb"] + [Request("a", {}, 0.5)]
    for one in requests:
        waiting.add(one)
    assert waiting.seconds_until_ready(0.0) == 0.0
    counted = []
    while (one := waiting.to_prepare(0.75)) is not None:
        counted.append(requests.index(one))
        one.prepared = SimpleNamespace(pieces=6, problem=None)
    assert counted == [0, 1]  # these fill the budget: the group is ready
    assert waiting.take(0.75) == [requests[0]]
    assert waiting.to_prepare(1.0) is requests[4]  # beside what is left of "a"


def test_one_that_was_answered_as_it_was_bad_is_not_waiting():
    waiting, bad, good = queue(), request(), request(arrived=0.5)
    waiting.add(bad)
    waiting.add(good)
    bad.answer.set_result({"error": "it is bad"})
    assert waiting.seconds_until_ready(1.0) == 0.5
    assert waiting.take(1.5) == [good]


def test_a_stream_of_bad_requests_does_not_keep_a_good_one_waiting():
    waiting, good = queue(), Request("a", {}, 0.0)
    waiting.add(good)
    good.prepared = SimpleNamespace(pieces=1, problem=None)
    now = 1.0
    for _ in range(20):
        waiting.add(Request("a", {}, now))
        if (bad := waiting.to_prepare(now)) is None:
            break
        bad.answer.set_result({"error": "it is bad"})
        now += 0.25
    assert waiting.take(now) == [good]
    assert waiting.to_prepare(now + 1.0) is not None  # what came later is not forgotten


class GivenUpMeanwhile(Future):
    """Is cancelled after some looks at it, as by another thread."""

    def __init__(self, looks):
        super().__init__()
        self.looks = looks

    def done(self):
        self.looks -= 1
        return self.looks < 0


@pytest.mark.parametrize("is_prepared", [True, False])
@pytest.mark.parametrize("looks", range(8))
def test_a_request_may_be_given_up_at_any_moment(looks, is_prepared):
    waiting, one = queue(), request()
    one.answer = GivenUpMeanwhile(looks)
    if not is_prepared:
        one.prepared = None
    waiting.add(one)
    assert waiting.seconds_until_ready(0.25) in (None, 0.0, 0.75)
    assert waiting.to_prepare(0.25) in (None, one)
    assert waiting.take(1.0) in ([], [one])


@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from("abc"), st.booleans())))
def test_every_request_is_taken_once_in_the_order_of_its_group_within_the_budget(asked):
    waiting, expected = queue(), []
    for number, (pieces, group, is_cancelled) in enumerate(asked):
        one = request(pieces, float(number), group)
        waiting.add(one)
        if is_cancelled:
            one.answer.cancel()
        else:
            expected.append(one)
    taken = []
    while batch := waiting.take(1000.0):
        assert len({one.group for one in batch}) == 1
        assert len(batch) == 1 or sum(one.pieces for one in batch) <= waiting.max_pieces
        taken += batch
    for group in "abc":
        assert [one for one in taken if one.group == group] == [
            one for one in expected if one.group == group
        ]
    assert len(waiting) == 0
