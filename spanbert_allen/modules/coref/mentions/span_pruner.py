"""Which candidates are kept as mentions to link."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.mentions.selection import SpanCandidates


def keep_best(
    scores: Tensor, candidates: SpanCandidates, num_kept: int, *, allow_crossing: bool = False
) -> Tensor:
    """
    The candidates to keep: the best `num_kept` by score, and, unless crossing is allowed, none
    that crosses a better one (overlaps it without one holding the other). The earlier wins a tie.

    # Parameters

    scores : `Tensor`
        Shape: (num_candidates,)
    candidates : `SpanCandidates`
    num_kept : `int`

    # Returns

    `Tensor`
        Shape: (at most num_kept,). Indices of candidates, ascending: in order of (start, end).
    """
    order = scores.detach().argsort(descending=True, stable=True)
    if allow_crossing:
        return order[:num_kept].sort().values
    accepted: list[int] = []
    num_units = int(candidates.ends.max()) + 1 if len(order) else 0
    crossing = _CrossingTest(num_units)
    # The best few are nearly always enough: the rest is brought over only when they are not.
    for batch in order.split(max(4 * num_kept, 1)):
        starts = candidates.starts[batch].tolist()
        ends = candidates.ends[batch].tolist()
        for candidate, start, end in zip(batch.tolist(), starts, ends, strict=True):
            if len(accepted) == num_kept:
                break
            if not crossing.crosses(start, end):
                crossing.add(start, end)
                accepted.append(candidate)
    return torch.tensor(sorted(accepted), dtype=torch.long, device=scores.device)


class _CrossingTest:
    """Accepted spans by their ends: a new span is compared with its own units' entries only."""

    def __init__(self, num_units: int):
        self.last_end = [-1] * num_units  # of the accepted spans that start here
        self.first_start = [num_units] * num_units  # of the accepted spans that end here

    def crosses(self, start: int, end: int) -> bool:
        if start == end:
            return False
        return max(self.last_end[start + 1 : end + 1]) > end or (
            min(self.first_start[start:end]) < start
        )

    def add(self, start: int, end: int) -> None:
        self.last_end[start] = max(self.last_end[start], end)
        self.first_start[end] = min(self.first_start[end], start)
