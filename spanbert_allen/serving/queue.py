"""The requests that wait, and which of them go through a model together."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Protocol


class Prepared(Protocol):
    """What a request is once it is ready for the model; see `PreparedRecord`."""

    @property
    def pieces(self) -> int:
        """Return how many word pieces go through the model."""

    @property
    def problem(self) -> Exception | None:
        """Return why the record cannot be predicted, if it cannot."""


class QueueFullError(Exception):
    """Say that as many requests wait as may wait."""


@dataclass(eq=False)
class Request:
    """
    Hold one record that waits for its result.

    # Parameters

    group : `Hashable`
        What can be predicted together has the same group: a model with its options.
    record : `Mapping[str, Any]`
        The record.
    arrived : `float`
        When it came, in seconds of the queue's clock.
    answer : `Future[dict[str, Any]]`, optional
        Gets the result, or the error record. Cancelled, the request is passed over.
    prepared : `Prepared`, optional (default = `None`)
        What goes into the model, once the queue has asked for it.
    """

    group: Hashable
    record: Mapping[str, Any]
    arrived: float
    answer: Future[dict[str, Any]] = field(default_factory=Future)
    prepared: Prepared | None = None

    @property
    def pieces(self) -> int:
        """Return how many word pieces it has, as far as that is known."""
        return 0 if self.prepared is None else self.prepared.pieces


class RequestQueue:
    """
    Collect requests into batches, under a budget of word pieces.

    A group is ready as soon as its first request has waited long enough, or its requests fill the
    budget. Of the groups that are ready, the one whose first request came first is next, so that no
    model keeps another one waiting. A request's pieces are counted when it may be of the next
    batch, so that no more than about a batch of a group is held in pieces at a time. Nothing here
    reads a clock or knows a thread: the callers say what time it is, and one of them at a time may
    call.

    # Parameters

    max_pieces : `int`
        How many word pieces a batch has at most; a request with more goes alone.
    max_wait : `float`
        How long a request waits for others, in seconds.
    max_requests : `int`
        How many requests may wait.
    """

    def __init__(self, *, max_pieces: int, max_wait: float, max_requests: int) -> None:
        self.max_pieces = max_pieces
        self.max_wait = max_wait
        self.max_requests = max_requests
        self.is_draining = False
        """Whether no more requests will come, so that none waits for others."""
        self._groups: OrderedDict[Hashable, deque[Request]] = OrderedDict()

    def __len__(self) -> int:
        return sum(not one.answer.done() for waiting in self._groups.values() for one in waiting)

    def add(self, request: Request) -> None:
        """Let a request wait; raises `QueueFullError` if there is no room for it."""
        if sum(map(len, self._groups.values())) >= self.max_requests:
            self._forget_answered()
            if len(self) >= self.max_requests:
                raise QueueFullError
        self._groups.setdefault(request.group, deque()).append(request)

    def to_prepare(self, now: float) -> Request | None:
        """
        Return a request that has to be prepared before it is known what goes next, maybe none.

        One that turns out bad is to be answered at once; it waits no longer then.
        """
        by_arrival = self._by_arrival()
        ready = next((waiting for waiting in by_arrival if self._is_ready(waiting, now)), None)
        for waiting in by_arrival if ready is None else [ready]:
            request = next((one for one in self._next_of(waiting) if one.prepared is None), None)
            if request is not None:
                return request
        return None

    def take(self, now: float) -> list[Request]:
        """
        Return the requests that go through a model now: of one group, in order, maybe none.

        All that may be among them are prepared: there is none `to_prepare`.
        """
        ready = [waiting for waiting in self._by_arrival() if self._is_ready(waiting, now)]
        if not ready:
            return []
        batch: list[Request] = []
        waiting, pieces = ready[0], 0
        while waiting:
            one = waiting[0]
            if not one.answer.done():
                if one.prepared is None or (batch and pieces + one.pieces > self.max_pieces):
                    break
                batch.append(one)
                pieces += one.pieces
            waiting.popleft()
        return batch

    def seconds_until_ready(self, now: float) -> float | None:
        """Return how long there is nothing to do unless a request comes; `None` is for ever."""
        by_arrival = self._by_arrival()
        if not by_arrival:
            return None
        is_ready = any(self._is_ready(waiting, now) for waiting in by_arrival)
        if is_ready or self.to_prepare(now) is not None:
            return 0.0
        return by_arrival[0][0].arrived + self.max_wait - now

    def _by_arrival(self) -> list[deque[Request]]:
        """Return the groups, that of the request which waited longest first."""
        for group, waiting in list(self._groups.items()):
            while waiting and waiting[0].answer.done():
                waiting.popleft()
            if not waiting:
                del self._groups[group]
        return sorted(self._groups.values(), key=lambda requests: requests[0].arrived)

    def _next_of(self, waiting: deque[Request]) -> Iterator[Request]:
        """Yield the requests of a group until those that are prepared fill the budget."""
        pieces = 0
        for request in waiting:
            if not request.answer.done():
                yield request
                pieces += request.pieces
                if pieces >= self.max_pieces:
                    return

    def _is_ready(self, waiting: deque[Request], now: float) -> bool:
        if self.is_draining or now >= waiting[0].arrived + self.max_wait:
            return True
        prepared = takewhile(lambda one: one.prepared is not None, self._next_of(waiting))
        return sum(one.pieces for one in prepared) >= self.max_pieces

    def _forget_answered(self) -> None:
        """Forget the requests that nobody waits for any more, and those that were bad."""
        for group, waiting in self._groups.items():
            self._groups[group] = deque(one for one in waiting if not one.answer.done())
