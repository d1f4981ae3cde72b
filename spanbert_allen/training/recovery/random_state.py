"""The states of all generators of random numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy
import torch


def random_state() -> dict[str, Any]:
    """
    Return the states of the generators of Python, NumPy and torch, on the CPU and every GPU.

    # Returns

    `dict[str, Any]`
        Tensors and plain values, which a checkpoint can hold.
    """
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = numpy.random.get_state(legacy=True)  # noqa: NPY002  others use it
    return {
        # Shape of words: (625,)
        "python": {"version": version, "words": torch.tensor(words), "gauss": gauss},
        "numpy": {
            "name": str(name),
            # Shape: (624,)
            "keys": torch.from_numpy(numpy.asarray(keys, dtype=numpy.int64)),
            "position": int(position),
            "has_gauss": int(has_gauss),
            "cached": float(cached),
        },
        # Shape: (num_bytes,)
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """
    Put every generator where `random_state` found it.

    # Parameters

    state : `dict[str, Any]`
        From `random_state`. What it says of GPUs is for a machine that has as many.
    """
    python, legacy = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    keys = legacy["keys"].numpy().astype(numpy.uint32)
    numpy.random.set_state(  # noqa: NPY002
        (legacy["name"], keys, legacy["position"], legacy["has_gauss"], legacy["cached"])
    )
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
