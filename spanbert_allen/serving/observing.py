"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from spanbert_allen.serving.queue import Request

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Observations:
    """Count requests, batches and seconds; each service counts its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory and processor time
        self._requests = Counter(
            "spanbert_requests",
            "Requests, by path and HTTP status.",
            ["path", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "spanbert_request_seconds",
            "Seconds from a request to its answer.",
            ["path"],
            registry=self._registry,
        )
        self._batches = Histogram(
            "spanbert_batch_requests",
            "Requests that went through a model together.",
            registry=self._registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )
        self._pieces = Counter(
            "spanbert_pieces", "Word pieces that went through models.", registry=self._registry
        )
        self._model_seconds = Counter(
            "spanbert_model_seconds", "Seconds that models computed.", registry=self._registry
        )
        self._waiting = Gauge(
            "spanbert_requests_waiting", "Requests that wait for a model.", registry=self._registry
        )

    def count_waiting_by(self, number: Callable[[], int]) -> None:
        """Set what tells how many requests wait."""
        self._waiting.set_function(number)

    def of_batch(self, batch: Sequence[Request], seconds: float) -> None:
        """Count a batch."""
        self._batches.observe(len(batch))
        self._pieces.inc(sum(request.pieces for request in batch))
        self._model_seconds.inc(seconds)

    def of_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request and its answer."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all counts as Prometheus reads them."""
        return generate_latest(self._registry)
