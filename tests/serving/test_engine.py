"""Every request gets its own answer, whatever goes wrong with another."""

from __future__ import annotations

import logging
import random
from typing import Any, NamedTuple

import pytest

from spanbert_allen.serving.engine import Engine
from spanbert_allen.serving.queue import QueueFullError, RequestQueue


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Ready(NamedTuple):
    record: Any
    pieces: int
    problem: Exception | None


def ready(_group, record):
    problem = ValueError("it is bad") if record.get("is_bad") else None
    return Ready(record, record.get("pieces", 1), problem)


def engine(predict, clock=None, prepare=ready, on_batch=None, **changes):
    sizes = {"max_pieces": 10, "max_wait": 1.0, "max_requests": 2000} | changes

    def of_ready(group, prepared):
        return predict(group, [one.record for one in prepared])

    queue = RequestQueue(**sizes)
    return Engine(prepare, of_ready, queue, on_batch=on_batch, clock=clock or Clock())


def work(serving):
    """Do all that there is to do now."""
    while serving.step():
        pass


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
        record = {"number": number, "pieces": draw.randrange(1, 6)}
        asked.append((group, number, serving.submit(group, record)))
    clock.now = 1.0
    work(serving)
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
    answer = serving.submit("a", {"text": "secret"})
    clock.now = 1.0
    with caplog.at_level(logging.DEBUG):
        work(serving)
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
    left = serving.submit("a", {"number": 1})
    stays = serving.submit("a", {"number": 2})
    left.cancel()
    clock.now = 1.0
    work(serving)
    assert stays.result(0) == {"number": 4}
    assert seen == [{"number": 2}]


def test_a_full_queue_says_how_long_it_will_take():
    clock = Clock()

    def prepare(group, record):
        clock.now += 0.5
        return ready(group, record)

    def predict(group, records):
        clock.now += 1.5
        return doubled(group, records)

    serving = engine(predict, clock, prepare, max_requests=3)
    for _again in range(2):
        serving.submit("a", {"number": 1, "pieces": 10})
        work(serving)  # a request in two seconds
    for number in range(3):
        serving.submit("a", {"number": number, "pieces": 10})
    with pytest.raises(QueueFullError):
        serving.submit("a", {"number": 1})
    assert serving.seconds_to_drain() == 6


def test_the_thread_answers_what_waits_before_it_ends():
    serving = engine(doubled, max_wait=1e9)
    serving.start()
    assert serving.is_ready
    answers = [serving.submit("a", {"number": number}) for number in range(5)]
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
    answers = [serving.submit("a", {"number": number}) for number in range(3)]
    clock.now = 1.0
    work(serving)
    assert answers[0].result(0) == {"number": 0} and answers[2].result(0) == {"number": 2}
    assert "0 results for 1 records" in str(answers[1].exception(0))


def test_each_request_is_prepared_once_and_batches_hold_as_many_pieces_as_they_may():
    prepared, batches, clock = [], [], Clock()

    def prepare(group, record):
        prepared.append(record["number"])
        return ready(group, record)

    def predict(group, records):
        batches.append([record["pieces"] for record in records])
        return doubled(group, records)

    serving = engine(predict, clock, prepare)
    pieces = [4, 4, 4, 30, 1, 9, 2]
    answers = [
        serving.submit("a", {"number": number, "pieces": one}) for number, one in enumerate(pieces)
    ]
    clock.now = 1.0
    while not batches:
        assert serving.step()
    assert prepared == [0, 1, 2]  # no more than fill the first batch
    work(serving)
    assert batches == [[4, 4], [4], [30], [1, 9], [2]]
    assert prepared == [*range(7)]
    assert [answer.result(0)["number"] for answer in answers] == [*range(0, 14, 2)]


def test_a_bad_request_is_answered_before_the_others_go_and_takes_no_room():
    batches, clock = [], Clock()

    def predict(group, records):
        batches.append(len(records))
        return [{"error": "bad"} if "is_bad" in record else record for record in records]

    serving = engine(predict, clock)
    first = serving.submit("a", {"pieces": 9})
    bad = serving.submit("a", {"pieces": 9, "is_bad": True})
    last = serving.submit("a", {"pieces": 1})
    while not bad.done():
        assert serving.step()
    assert bad.result(0) == {"error": "bad"}
    assert not first.done() and serving.num_waiting() == 2
    work(serving)
    assert batches == [1, 2]
    assert first.result(0) == {"pieces": 9} and last.result(0) == {"pieces": 1}


def test_a_batch_is_counted_before_a_client_can_know_of_it():
    seen, clock = [], Clock()

    def predict(group, records):
        clock.now += 2.0
        return doubled(group, records)

    def on_batch(batch, seconds):
        seen.append(([one.answer.done() for one in batch], seconds))

    serving = engine(predict, clock, on_batch=on_batch)
    answers = [serving.submit("a", {"number": number}) for number in range(2)]
    clock.now = 1.0
    work(serving)
    assert seen == [([False, False], 2.0)]
    assert all(answer.done() for answer in answers)


def test_a_request_that_cannot_even_be_prepared_fails_alone(caplog):
    def prepare(group, record):
        if record["number"] == 0:
            raise KeyError("secret")
        return ready(group, record)

    clock = Clock()
    serving = engine(doubled, clock, prepare)
    broken, good = (serving.submit("a", {"number": number}) for number in range(2))
    clock.now = 1.0
    work(serving)
    assert isinstance(broken.exception(0), KeyError) and good.result(0) == {"number": 2}
    assert "KeyError" in caplog.text and "secret" not in caplog.text
