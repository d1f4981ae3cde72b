"""How many of the kernels that torch makes on a CPU a training keeps."""

from __future__ import annotations

import os

_CACHES = ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
"""Of torch's interface to oneDNN, and of oneDNN itself: each keeps 1024 kernels by default."""
_KEPT = "64"
"""Above what an update needs: the layers of an encoder share their nine products."""


def keep_few_kernels() -> None:
    """
    Let this process keep 64 of the kernels that oneDNN makes for products, instead of 1024.

    There is one for each shape of a product, half a megabyte each, and nearly every batch has
    shapes of its own. Kept kernels also lie between the activations, whose memory then cannot be
    given back: gigabytes after some hundred updates. OneDNN computes bf16 on every CPU, and float32
    where `modules.layers.fast_linear` says so.

    Both caches read their variable at the first product; a user's own values stay.
    """
    for name in _CACHES:
        os.environ.setdefault(name, _KEPT)
