"""Every request gets its own answer, whatever goes wrong with another."""

from __future__ import annotations

import logging
import random

import pytest

from spanbert_allen.serving.engine import Engine
from spanbert_allen.serving.queue import QueueFullError, RequestQueue


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def engine(predict, clock=None, **changes):
    sizes = {"max_pieces": 10, "max_wait": 1.0, "max_requests": 2000} | changes
    return Engine(predict, RequestQueue(**sizes), clock=clock or Clock())


def doubled(_group, records):
    """Return the number of each record twice; the batch fails as a whole if one has none."""
    return [{"number": 2 * record["number"]} for record in records]


def test_a_thousand_mixed_requests_get_their_own_answers_and_bad_ones_harm_no_other():
    draw = random.Random(7)
    batches = []

    def predict(group, records):
        batches.append(len(records))
        return [{"is": (group, 10 // record["number"])} for record in records]

    clock = Clock()
    serving = engine(predict, clock)
    asked = []
    for _ in range(1000):
        group, number = draw.choice("abc"), draw.randrange(10)
        asked.append(
            (group, number, serving.submit(group, {"number": number}, draw.randrange(1, 6)))
        )
    clock.now = 1.0
    while serving.step():
        pass
    for group, number, answer in asked:
        if number:
            assert answer.result(0) == {"is": (group, 10 // number)}
        else:
            assert isinstance(answer.exception(0), ZeroDivisionError)
    assert max(batches) > 1


def test_what_is_in_a_record_is_in_no_log(caplog):
    def predict(_group, records):
        raise ValueError(records[0]["text"])

    clock = Clock()
    serving = engine(predict, clock)
    answer = serving.submit("a", {"text": "secret"}, 1)
    clock.now = 1.0
    with caplog.at_level(logging.DEBUG):
        assert serving.step()
    assert str(answer.exception(0)) == "secret"
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_a_cancelled_request_is_not_computed():
    seen = []

    def predict(group, records):
        seen.extend(records)
        return doubled(group, records)

    clock = Clock()
    serving = engine(predict, clock)
    left = serving.submit("a", {"number": 1}, 1)
    stays = serving.submit("a", {"number": 2}, 1)
    left.cancel()
    clock.now = 1.0
    assert serving.step()
    assert stays.result(0) == {"number": 4}
    assert seen == [{"number": 2}]


def test_a_full_queue_says_how_long_it_will_take():
    clock = Clock()

    def predict(group, records):
        clock.now += 2.0
        return doubled(group, records)

    serving = engine(predict, clock, max_requests=3)
    serving.submit("a", {"number": 1}, 10)
    assert serving.step()  # ten pieces in two seconds
    for number in range(3):
        serving.submit("a", {"number": number}, 10)
    with pytest.raises(QueueFullError):
        serving.submit("a", {"number": 1}, 10)
    assert serving.seconds_to_drain() == 6


def test_the_thread_answers_what_waits_before_it_ends():
    serving = engine(doubled, max_wait=1e9)
    serving.start()
    assert serving.is_ready
    answers = [serving.submit("a", {"number": number}, 1) for number in range(5)]
    assert not any(answer.done() for answer in answers)
    assert serving.drain(60)
    assert not serving.is_ready
    assert [answer.result(0)["number"] for answer in answers] == [0, 2, 4, 6, 8]


def test_too_few_results_fail_only_the_requests_that_they_belong_to():
    """A predictor that loses a record neither ends the thread nor shifts the answers."""
    clock = Clock()

    def predict(group, records):
        return [record for record in records if record["number"] != 1]

    serving = engine(predict, clock)
    answers = [serving.submit("a", {"number": number}, 1) for number in range(3)]
    clock.now = 1.0
    assert serving.step()
    assert answers[0].result(0) == {"number": 0} and answers[2].result(0) == {"number": 2}
    assert "0 results for 1 records" in str(answers[1].exception(0))
