"""The memory that the tensors of a part of a program take at once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveTensors(TorchDispatchMode):
    """
    Count the bytes of the tensors that operations make, until they are freed.

    It counts while this context lasts, in backward passes too. Memory that several tensors share
    counts once; the memory that torch uses inside an operation does not count.

    # Parameters

    at_peak : `Callable[[], None]`, optional (default = `None`)
        Called whenever there is more than there ever was.
    """

    def __init__(self, at_peak: Callable[[], None] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = 0
        self.peak = 0
        self._at_peak = at_peak
        self._known: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation of torch and count what it makes."""
        for storage in _storages((args, kwargs)):
            self._know(storage, 0)  # it was there before, or has been counted
        result = func(*args, **(kwargs or {}))
        for storage in _storages(result):
            self._know(storage, storage.nbytes())
        if self.now > self.peak:
            self.peak = self.now
            if self._at_peak is not None:
                self._at_peak()
        return result

    def _know(self, storage: torch.UntypedStorage, size: int) -> None:
        key = id(storage)
        if key in self._known:
            return

        def given_back(_: object) -> None:
            self._known.pop(key, None)
            self.now -= size

        self._known[key] = weakref.ref(storage, given_back)
        self.now += size


def _storages(tree: Any) -> Iterator[torch.UntypedStorage]:
    for leaf in tree_leaves(tree):
        if isinstance(leaf, torch.Tensor) and leaf.layout is torch.strided:
            yield leaf.untyped_storage()
