"""The metrics of an update that are computed only if a callback looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class LazyMetrics(Mapping[str, Any]):
    """
    Metrics by their names, computed at the first look.

    Most updates are looked at by nobody, and on a GPU each look is a wait.

    # Parameters

    compute : `Callable[[], dict[str, Any]]`
        Gives them.
    """

    def __init__(self, compute: Callable[[], dict[str, Any]]) -> None:
        self._compute = compute
        self._found: dict[str, Any] | None = None

    def _metrics(self) -> dict[str, Any]:
        if self._found is None:
            self._found = self._compute()
        return self._found

    def __getitem__(self, name: str) -> Any:
        return self._metrics()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics())

    def __len__(self) -> int:
        return len(self._metrics())
