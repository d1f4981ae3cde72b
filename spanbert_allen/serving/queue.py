"""The requests that wait, and which of them go through a model together."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
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


class _Group:
    """Hold the requests that may go together, in order, and the pieces of the first of them."""

    def __init__(self) -> None:
        self.waiting: deque[Request] = deque()
        self.pieces = 0
        self.closed_at = math.inf
        """When its next batch was due: who comes later waits for the one after that."""
        self._counted: deque[int] = deque()

    def count(self, enough: int) -> Request | None:
        """
        Count pieces until there are enough; return the request that has to be prepared for that.

        Each is looked at once only: many may wait, and this is asked again for every one of them.
        """
        while self.pieces < enough and len(self._counted) < len(self.waiting):
            one = self.waiting[len(self._counted)]
            if one.prepared is None and not one.answer.done():
                # Otherwise a stream of bad requests, which add no pieces, would keep it for ever.
                return None if self._counted and one.arrived > self.closed_at else one
            self._counted.append(0 if one.answer.done() else one.pieces)
            self.pieces += self._counted[-1]
        return None

    def pop(self) -> Request:
        """Remove the first request and return it."""
        if self._counted:
            self.pieces -= self._counted.popleft()
        return self.waiting.popleft()

    def forget_answered(self) -> None:
        """Remove the requests that nobody waits for any more, and those that were bad."""
        self.waiting = deque(one for one in self.waiting if not one.answer.done())
        self._counted.clear()
        self.pieces = 0


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
        self._groups: OrderedDict[Hashable, _Group] = OrderedDict()

    def __len__(self) -> int:
        groups = self._groups.values()
        return sum(not one.answer.done() for group in groups for one in group.waiting)

    def add(self, request: Request) -> None:
        """Let a request wait; raises `QueueFullError` if there is no room for it."""
        if self._num_held() >= self.max_requests:
            for group in self._groups.values():
                group.forget_answered()
            if self._num_held() >= self.max_requests:
                raise QueueFullError
        self._groups.setdefault(request.group, _Group()).waiting.append(request)

    def to_prepare(self, now: float) -> Request | None:
        """
        Return a request that has to be prepared before it is known what goes next, maybe none.

        One that turns out bad is to be answered at once; it waits no longer then.
        """
        groups = self._by_arrival()
        ready = next((group for group in groups if self._is_ready(group, now)), None)
        if ready is not None:
            ready.closed_at = min(ready.closed_at, now)
        for group in groups if ready is None else [ready]:
            request = group.count(self.max_pieces)
            if request is not None:
                return request
        return None

    def take(self, now: float) -> list[Request]:
        """
        Return the requests that go through a model now: of one group, in order, maybe none.

        All that may be among them are prepared: there is none `to_prepare`.
        """
        ready = [group for group in self._by_arrival() if self._is_ready(group, now)]
        batch: list[Request] = []
        pieces = 0
        while ready and (waiting := ready[0].waiting):
            one = waiting[0]
            if not one.answer.done():
                if one.prepared is None or (batch and pieces + one.pieces > self.max_pieces):
                    break
                batch.append(one)
                pieces += one.pieces
            ready[0].pop()
        if ready:
            ready[0].closed_at = math.inf
        return batch

    def seconds_until_ready(self, now: float) -> float | None:
        """Return how long there is nothing to do unless a request comes; `None` is for ever."""
        groups = self._by_arrival()
        if not groups:
            return None
        first = groups[0].waiting[0].arrived  # now: a request may be given up at any moment
        if any(self._is_ready(group, now) for group in groups) or self.to_prepare(now) is not None:
            return 0.0
        return first + self.max_wait - now

    def _num_held(self) -> int:
        return sum(len(group.waiting) for group in self._groups.values())

    def _by_arrival(self) -> list[_Group]:
        """Return the groups, that of the request which waited longest first."""
        for name, group in list(self._groups.items()):
            while group.waiting and group.waiting[0].answer.done():
                group.pop()
            if not group.waiting:
                del self._groups[name]
        return sorted(self._groups.values(), key=lambda group: group.waiting[0].arrived)

    def _is_ready(self, group: _Group, now: float) -> bool:
        if self.is_draining or now >= group.waiting[0].arrived + self.max_wait:
            return True
        group.count(self.max_pieces)
        return group.pieces >= self.max_pieces
