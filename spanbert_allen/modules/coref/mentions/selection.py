"""Which spans of a document may be mentions."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class SpanCandidates(NamedTuple):
    """
    Candidate spans in order of (start, end), as two columns of unit indices: nothing else is ever
    held for a candidate but its score.

    Both have shape (num_candidates,); `ends` are inside the span.
    """

    starts: Tensor
    ends: Tensor


def enumerate_candidates(
    sentence_ids: Tensor,
    max_span_width: int,
    *,
    may_start: Tensor | None = None,
    may_end: Tensor | None = None,
) -> SpanCandidates:
    """
    All spans of at most `max_span_width` units inside one sentence.

    # Parameters

    sentence_ids : `Tensor`
        Shape: (num_units,). The sentence of each unit, never falling.
    max_span_width : `int`
        In units.
    may_start, may_end : `Tensor`, optional (default = `None`)
        Shape: (num_units,), boolean. Units a span may start and end with; all when `None`.
    """
    num_units = sentence_ids.size(0)
    # Shape: (num_units,)
    positions = torch.arange(num_units, device=sentence_ids.device)
    if num_units == 0:
        return SpanCandidates(positions, positions)
    _, sentence_lengths = sentence_ids.unique_consecutive(return_counts=True)
    # Shape: (num_units,). One past the last unit of each unit's sentence.
    sentence_stops = sentence_lengths.cumsum(0).repeat_interleave(sentence_lengths)
    # Shape: (num_units,)
    num_ends = (sentence_stops - positions).clamp(max=max_span_width)
    # Shape: (num_candidates,)
    starts = positions.repeat_interleave(num_ends)
    first_candidates = num_ends.cumsum(0) - num_ends
    ends = starts + torch.arange(len(starts), device=starts.device) - first_candidates[starts]
    if may_start is not None:
        allowed = may_start[starts]
        starts, ends = starts[allowed], ends[allowed]
    if may_end is not None:
        allowed = may_end[ends]
        starts, ends = starts[allowed], ends[allowed]
    return SpanCandidates(starts, ends)
