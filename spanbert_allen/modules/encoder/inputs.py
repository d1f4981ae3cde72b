"""What the encoder reads of each piece of a batch, and of those that go through it together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spanbert_allen.modules.encoder.bert import NOTHING_MASKED, added_mask
from spanbert_allen.modules.encoder.packing import SegmentPack
from spanbert_allen.modules.layers.transfers import to_cpu, to_device


@dataclass(frozen=True)
class PackInputs:
    """
    Hold what goes through the encoder at once, on its device.

    # Parameters

    token_ids : `Tensor`
        Shape: (num_segments, longest)
    type_ids, position_ids : `Tensor`, optional
        `None` for the encoder's own. Shape: (num_segments, longest)
    mask : `Tensor`
        What is added to the scores of attention: see `added_mask`.
    real : `Tensor`
        The places of what is no padding, in the flattened pack. Shape: (num_real_in_pack,)
    """

    token_ids: Tensor
    type_ids: Tensor | None
    position_ids: Tensor | None
    mask: Tensor
    real: Tensor


@dataclass(frozen=True)
class PieceInputs:
    """
    Hold what the encoder reads of each piece of a batch, on the CPU.

    # Parameters

    token_ids, segment_ids, type_ids, attended, position_ids, groups : `Tensor`
        As `SpanbertEmbedder.encode` takes them. Shape: (batch_size, num_pieces)
    """

    token_ids: Tensor
    segment_ids: Tensor
    type_ids: Tensor | None
    attended: Tensor | None
    position_ids: Tensor | None
    groups: Tensor | None

    @classmethod
    def on_cpu(
        cls, token_ids: Tensor, segment_ids: Tensor, **optional: Tensor | None
    ) -> PieceInputs:
        """Bring tensors over in one copy; see the class."""
        given = {name: one for name, one in optional.items() if one is not None}
        token_ids, segment_ids, *rest = to_cpu(token_ids, segment_ids, *given.values())
        return cls(token_ids, segment_ids, **{**optional, **dict(zip(given, rest, strict=True))})

    def longest(self, packs: list[SegmentPack]) -> int:
        """Return how many positions the encoder needs; the longest segments come first."""
        if not packs:
            return 0
        if self.position_ids is not None:
            return int(self.position_ids.max()) + 1
        return packs[0].mask.size(1)

    def of_pack(self, pack: SegmentPack, device: torch.device) -> PackInputs:
        """Return the inputs of some segments, on a device, to which they go in one copy."""
        seen = pack.mask if self.attended is None else pack.mask & self._of(self.attended, pack)
        chosen = {
            "token_ids": self._of(self.token_ids, pack),
            # Shape: (num_real_in_pack,)
            "real": pack.mask.flatten().nonzero().squeeze(-1),
        }
        for name in ("type_ids", "position_ids", "groups"):
            if (tensor := getattr(self, name)) is not None:
                chosen[name] = self._of(tensor, pack)
        is_full = pack.is_full and (self.attended is None or bool(seen.all()))
        needs_mask = not is_full or self.groups is not None
        if needs_mask:
            chosen["seen"] = seen
        moved = dict(zip(chosen, to_device(device, *chosen.values()), strict=True))
        mask = NOTHING_MASKED
        if needs_mask:
            mask = added_mask(_attended(moved["seen"], moved.get("groups")))
        return PackInputs(
            moved["token_ids"],
            moved.get("type_ids"),
            moved.get("position_ids"),
            mask,
            moved["real"],
        )

    @staticmethod
    def _of(tensor: Tensor, pack: SegmentPack) -> Tensor:
        """Return the values of a pack's pieces, 0 for padding."""
        # Shape: (num_segments, longest)
        return tensor.flatten()[pack.places] * pack.mask


def _attended(seen: Tensor, groups: Tensor | None) -> Tensor:
    """
    Return which pieces others attend to, or with groups, which piece attends to which.

    # Parameters

    seen : `Tensor`
        Which pieces are attended to at all. Shape: (num_segments, longest)
    groups : `Tensor`, optional
        0 for the text, which all attend to; a number for what only the same number attends to.
        Shape: (num_segments, longest)

    # Returns

    `Tensor`
        Shape: (num_segments, longest), or (num_segments, longest, longest)
    """
    if groups is None:
        return seen
    keys, queries = groups[:, None, :], groups[:, :, None]
    # Shape: (num_segments, longest, longest)
    return seen[:, None, :] & ((keys == 0) | (keys == queries))
