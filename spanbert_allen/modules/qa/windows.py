"""Arrange the logits of first and last pieces by windows, and compute their loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from spanbert_allen.modules.encoder.packing import pack_segments
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.transfers import to_device


@dataclass(frozen=True)
class AnswerWindows:
    """
    Hold the windows of a batch one below the other, long ones first.

    W is the number of windows, and L the number of pieces of the longest.

    # Parameters

    logits : `Tensor`
        The scores of each piece as the first and the last of the answer. Shape: (W, L, 2)
    mask : `Tensor`
        Which pieces are real. Shape: (W, L)
    passage_pieces : `Tensor`
        The index of each piece in its passage, -1 outside of it. Shape: (W, L)
    rows, numbers : `Tensor`
        The question of each window, and the number of the window there. Shape: (W,)
    """

    logits: Tensor
    mask: Tensor
    passage_pieces: Tensor
    rows: Tensor
    numbers: Tensor

    @property
    def may_be_answer(self) -> Tensor:
        """Return which pieces may be answers: [CLS], for "no answer", and the passage, (W, L)."""
        allowed = self.passage_pieces >= 0
        allowed[:, 0] = True
        return allowed

    def answers(self, starts: Tensor, ends: Tensor) -> Tensor:
        """
        Return the labels of each window.

        # Parameters

        starts, ends : `Tensor`
            Shape: (batch_size, most_windows)

        # Returns

        `Tensor`
            Shape: (W, 2)
        """
        return torch.stack([starts, ends], -1)[self.rows, self.numbers]


def split_windows(logits: Tensor, segment_ids: Tensor, passage_pieces: Tensor) -> AnswerWindows:
    """
    Return the windows of a batch whose rows have them one after the other.

    # Parameters

    logits : `Tensor`
        Shape: (batch_size, num_pieces, 2)
    segment_ids : `Tensor`
        The number of the window, -1 is padding; on the CPU. Shape: (batch_size, num_pieces)
    passage_pieces : `Tensor`
        On the CPU. Shape: (batch_size, num_pieces)
    """
    packs = pack_segments(segment_ids, segment_ids.numel() ** 2)
    if not packs:  # nothing but empty passages
        none = torch.zeros(0, dtype=torch.long, device=logits.device)
        rows = none.view(0, 1)
        return AnswerWindows(logits.flatten(0, 1)[rows], rows.bool(), rows, none, none)
    (pack,) = packs  # no limit to its size
    # Shape: (W,)
    firsts = pack.places[:, 0]
    # Shape: (W, L) three times, (W,) twice
    places, passage, mask, rows, numbers = to_device(
        logits.device,
        pack.places,
        passage_pieces.flatten()[pack.places].masked_fill(~pack.mask, -1),
        pack.mask,
        firsts // segment_ids.size(1),
        segment_ids.flatten()[firsts],
    )
    return AnswerWindows(logits.flatten(0, 1)[places], mask, passage, rows, numbers)


def answer_loss(windows: AnswerWindows, answers: Tensor, *, over_everything: bool) -> Tensor:
    """
    Return the cross entropies of first and last pieces, (CE_start + CE_end) / 2, over windows.

    It is the mean over all windows, and 0 without any.

    # Parameters

    windows : `AnswerWindows`
        The windows with their logits.
    answers : `Tensor`
        The labels. Shape: (W, 2)
    over_everything : `bool`
        Whether the softmax runs over all pieces, those of the question among them, as in the
        original, or over those that may be an answer.

    # Returns

    `Tensor`
        Shape: ()
    """
    allowed = windows.mask if over_everything else windows.may_be_answer
    # Shape: (W, L, 2)
    logits = at_least_float32(windows.logits).masked_fill(~allowed.unsqueeze(-1), -torch.inf)
    if not len(logits):
        return logits.sum()
    return cross_entropy(logits, answers)
