"""The one thread that computes: it takes requests off the queue and answers them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from spanbert_allen.serving.queue import Prepared, Request, RequestQueue

logger = logging.getLogger(__name__)

Prepare = Callable[[Hashable, Mapping[str, Any]], Prepared]
"""Makes a record of a group ready for its model; a bad one has its `problem`."""
Predict = Callable[[Hashable, Sequence[Any]], list[dict[str, Any]]]
"""Returns the results, or error records, of what is ready of a group."""
OnBatch = Callable[[Sequence[Request], float], None]
"""Is told of the requests of a batch and the seconds that they took."""


class Engine:
    """
    Answer requests, a batch at a time.

    Models are used by one thread only: predictors are no more made for several than torch's
    threads gain from it.

    # Parameters

    prepare : `Prepare`
        Makes a record ready, once; a bad one is answered then, and is in no batch.
    predict : `Predict`
        Computes; a record that it fails on is asked for once more alone.
    queue : `RequestQueue`
        What waits.
    on_batch : `OnBatch`, optional
        For metrics.
    clock : `Callable[[], float]`, optional (default = `time.monotonic`)
        The time in seconds.
    """

    def __init__(
        self,
        prepare: Prepare,
        predict: Predict,
        queue: RequestQueue,
        *,
        on_batch: OnBatch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prepare = prepare
        self._predict = predict
        self._queue = queue
        self._on_batch = on_batch
        self._clock = clock
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._seconds_a_request = 0.0
        self._seconds_preparing = 0.0
        """So long took what was made ready since the last batch."""

    @property
    def is_ready(self) -> bool:
        """Tell whether requests are answered."""
        is_running = self._thread is not None and self._thread.is_alive()
        return is_running and not self._queue.is_draining

    def num_waiting(self) -> int:
        """Return how many requests wait."""
        with self._changed:
            return len(self._queue)

    def submit(self, group: Hashable, record: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Let a record wait for its result; raises `QueueFullError` if too many do."""
        request = Request(group, record, self._clock())
        with self._changed:
            self._queue.add(request)
            self._changed.notify()
        return request.answer

    def seconds_to_drain(self) -> int:
        """Return about how long the requests that wait will take, from 1 to 60 seconds."""
        return max(1, min(60, round(self.num_waiting() * self._seconds_a_request)))

    def step(self) -> bool:
        """Do what is next, if anything is: prepare a request, or answer those that are ready."""
        with self._changed:
            now = self._clock()
            request = self._queue.to_prepare(now)
            batch = [] if request else self._queue.take(now)
        if request is not None:
            self._make_ready(request)
            return True
        # A request is not computed any more once nobody waits for it.
        batch = [one for one in batch if one.answer.set_running_or_notify_cancel()]
        if not batch:
            return False
        started = self._clock()
        results = self._results(batch)
        seconds = self._clock() - started
        self._seconds_a_request = (seconds + self._seconds_preparing) / len(batch)
        self._seconds_preparing = 0.0
        if self._on_batch is not None:  # before a client may ask for the counts
            self._on_batch(batch, seconds)
        for request, result in zip(batch, results, strict=True):
            _answer(request, result)
        return True

    def start(self) -> None:
        """Begin to answer."""
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let no request wait for others any more; those that wait are answered now."""
        with self._changed:
            self._queue.is_draining = True
            self._changed.notify()

    def drain(self, timeout: float | None = None) -> bool:
        """Answer what waits, then end; return whether that was done in time."""
        self.close()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            if self.step():
                continue
            with self._changed:
                wait = self._queue.seconds_until_ready(self._clock())
                if wait is None and self._queue.is_draining:
                    return
                if wait is None or wait > 0:
                    self._changed.wait(wait)

    def _make_ready(self, request: Request) -> None:
        """Prepare a request, and answer it if it is bad."""
        started = self._clock()
        try:
            prepared = self._prepare(request.group, request.record)
        except Exception as error:
            result: dict[str, Any] | Exception = _logged(error)
        else:
            request.prepared = prepared
            if prepared.problem is None:
                self._seconds_preparing += self._clock() - started
                return
            (result,) = self._results([request])
        if request.answer.set_running_or_notify_cancel():
            _answer(request, result)

    def _results(self, batch: Sequence[Request]) -> list[dict[str, Any] | Exception]:
        """Return the result of each request; one that cannot be predicted is alone in that."""
        try:
            results = [*self._predict(batch[0].group, [request.prepared for request in batch])]
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for {len(batch)} records")
            return [*results]
        except Exception as error:
            if len(batch) == 1:
                return [_logged(error)]
        return [result for request in batch for result in self._results([request])]


def _answer(request: Request, result: dict[str, Any] | Exception) -> None:
    if isinstance(result, Exception):
        request.answer.set_exception(result)
    else:
        request.answer.set_result(result)


def _logged(error: Exception) -> Exception:
    """Log the kind of an error: what it says may hold a part of a record, which no log may have."""
    logger.error("a request could not be answered: %s", type(error).__name__)
    return error
