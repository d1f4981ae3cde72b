"""Which segments go through the encoder together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_FILLS_A_DEVICE = 4096
"""
A forward of fewer pieces takes a GPU as long as starting its operations does, so that padding in it
costs nothing.
"""


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
    num_real : `int`
        How many pieces are real.
    """

    places: Tensor
    mask: Tensor
    num_real: int

    @property
    def is_full(self) -> bool:
        """Tell whether all of its segments have one length, so that there is no padding."""
        return self.num_real == self.mask.numel()


def pack_segments(
    segment_ids: Tensor, max_pieces: int, *, most_padding: float = 1.0
) -> list[SegmentPack]:
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
    most_padding : `float`, optional (default = `1.0`)
        How much of a pack may be padding, unless the pack is small: of fewer than 4,096 pieces.

    # Returns

    `list[SegmentPack]`
        On the device of `segment_ids`, of which a GPU is read several times: better give them on
        the CPU.
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
    known = lengths.tolist()
    for first, end in _cuts(known, max_pieces, most_padding):
        # Shape: (longest,)
        steps = torch.arange(known[first], device=segment_ids.device)
        # Shape: (num_segments, longest)
        mask = steps < lengths[first:end, None]
        inside = (starts[first:end, None] + steps) * mask
        packs.append(SegmentPack(real[inside] * mask, mask, sum(known[first:end])))
    return packs


def _cuts(lengths: list[int], max_pieces: int, most_padding: float) -> list[tuple[int, int]]:
    """Return where to cut descending lengths: pairs of first and end, end outside."""
    cuts = []
    first = 0
    while first < len(lengths):
        most = min(first + max(max_pieces // lengths[first], 1), len(lengths))
        end, num_real = first + 1, lengths[first]
        while end < most:
            size = (end + 1 - first) * lengths[first]
            num_real += lengths[end]
            if size >= _FILLS_A_DEVICE and num_real < (1 - most_padding) * size:
                break
            end += 1
        cuts.append((first, end))
        first = end
    return cuts
