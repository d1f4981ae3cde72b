"""Distances in ten classes, as the coreference models count them."""

from __future__ import annotations

import torch
from torch import Tensor

NUM_DISTANCE_BUCKETS = 10


def distance_buckets(distances: Tensor) -> Tensor:
    """
    The class of each distance: 0, 1, 2, 3, 4, 5-7, 8-15, 16-31, 32-63, 64 and more.

    # Parameters

    distances : `Tensor`
        Any shape; whole numbers from 0.

    # Returns

    `Tensor`
        The same shape, values 0 to 9.
    """
    boundaries = torch.tensor([1, 2, 3, 4, 5, 8, 16, 32, 64], device=distances.device)
    return torch.bucketize(distances, boundaries, right=True)
