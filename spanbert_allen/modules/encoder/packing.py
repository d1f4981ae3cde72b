"""Which segments go through the encoder together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SegmentPack:
    """
    Segments for one forward.

    # Parameters

    places : `Tensor`
        Where each piece stands in the flattened batch; 0 where the segment has ended.
        Shape: (num_segments, longest)
    mask : `Tensor`
        Which pieces are real. Shape: (num_segments, longest)
    """

    places: Tensor
    mask: Tensor


def pack_segments(segment_ids: Tensor, max_pieces: int) -> list[SegmentPack]:
    """
    Put the segments of all documents, long ones first, into packs of at most `max_pieces`.

    The size of a pack is the number of its segments times the longest, so padding counts. A pack
    has at least one segment, however long.

    # Parameters

    segment_ids : `Tensor`
        The segment of each piece, -1 where there is none; any numbers will do that differ between
        neighbouring segments of a document. Shape: (batch_size, num_pieces)
    max_pieces : `int`
        The budget.

    # Returns

    `list[SegmentPack]`
    """
    width = segment_ids.size(1)
    flat = segment_ids.flatten()
    # Where the real pieces are. Shape: (num_real,)
    real = (flat >= 0).nonzero().squeeze(-1)
    if len(real) == 0:
        return []
    rows, segments = real // width, flat[real]
    # Shape: (num_real,)
    begins = torch.ones_like(real, dtype=torch.bool)
    begins[1:] = (rows[1:] != rows[:-1]) | (segments[1:] != segments[:-1])
    # Shape: (num_segments,) both
    starts = begins.nonzero().squeeze(-1)
    lengths = torch.diff(starts, append=starts.new_tensor([len(real)]))
    lengths, order = lengths.sort(descending=True, stable=True)
    starts = starts[order]
    packs = []
    for first, end in _cuts(lengths.tolist(), max_pieces):
        # Shape: (longest,)
        steps = torch.arange(int(lengths[first]), device=segment_ids.device)
        # Shape: (num_segments, longest)
        mask = steps < lengths[first:end, None]
        inside = (starts[first:end, None] + steps) * mask
        packs.append(SegmentPack(real[inside] * mask, mask))
    return packs


def _cuts(lengths: list[int], max_pieces: int) -> list[tuple[int, int]]:
    """Where to cut descending lengths: pairs of first and end, end outside."""
    cuts = []
    first = 0
    while first < len(lengths):
        end = min(first + max(max_pieces // lengths[first], 1), len(lengths))
        cuts.append((first, end))
        first = end
    return cuts
