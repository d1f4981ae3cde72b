"""What whoever starts the service may choose."""

from __future__ import annotations

from dataclasses import dataclass

from spanbert_allen.common.errors import ConfigError

_LONGEST = 1e9
"""No longer does anything wait; in seconds, Python's locks take nine times as much."""


@dataclass(frozen=True)
class ServiceSettings:
    """
    Hold the limits of the service.

    # Parameters

    max_pieces : `int`, optional (default = `8192`)
        How many word pieces go through a model together at most, as its predictor counts them; a
        request with more goes alone.
    max_wait_ms : `float`, optional (default = `5.0`)
        How long a request waits for others to go with, in milliseconds.
    max_queue : `int`, optional (default = `256`)
        How many requests may wait.
    timeout : `float`, optional (default = `60.0`)
        After how many seconds a request is given up; also how long the end of the service waits
        for those that it has taken.
    max_body : `int`, optional (default = `4 * 2**20`)
        How many bytes a request may have.
    keys : `frozenset[str]`, optional (default = `frozenset()`)
        Keys, one of which each request must have; none must if there are none.
    """

    max_pieces: int = 8192
    max_wait_ms: float = 5.0
    max_queue: int = 256
    timeout: float = 60.0
    max_body: int = 4 * 2**20
    keys: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("max_pieces", "max_queue", "timeout", "max_body"):
            if not getattr(self, name) > 0:
                option = "--" + name.replace("_", "-")
                raise ConfigError(f"{option} is {getattr(self, name)}; it must be above 0")
        if not self.max_wait_ms >= 0:
            raise ConfigError(f"--max-wait-ms is {self.max_wait_ms}; it must be 0 or more")
        for option, value in (("--timeout", self.timeout), ("--max-wait-ms", self.max_wait_ms)):
            if value > _LONGEST:
                raise ConfigError(f"{option} is {value}; it must be {_LONGEST:.0e} or less")
