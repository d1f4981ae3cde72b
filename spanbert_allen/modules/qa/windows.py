"""Logits of first and last pieces as a window each, and their loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from spanbert_allen.modules.encoder.packing import pack_segments


@dataclass(frozen=True)
class AnswerWindows:
    """
    The windows of a batch under each other, long ones first. W counts windows, L the pieces of the
    longest.

    # Parameters

    logits : `Tensor`
        Of being the first and the last piece. Shape: (W, L, 2)
    mask : `Tensor`
        Which pieces are real. Shape: (W, L)
    passage_pieces : `Tensor`
        The place of each piece in its passage, -1 outside of it. Shape: (W, L)
    rows, numbers : `Tensor`
        Of which question a window is, and its number there. Shape: (W,)
    """

    logits: Tensor
    mask: Tensor
    passage_pieces: Tensor
    rows: Tensor
    numbers: Tensor

    @property
    def may_be_answer(self) -> Tensor:
        """[CLS], which stands for no answer, and the passage. Shape: (W, L)"""
        allowed = self.passage_pieces >= 0
        allowed[:, 0] = True
        return allowed

    def answers(self, starts: Tensor, ends: Tensor) -> Tensor:
        """
        The labels of each window.

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
    The windows of a batch that has them one after the other.

    # Parameters

    logits : `Tensor`
        Shape: (batch_size, num_pieces, 2)
    segment_ids : `Tensor`
        The number of the window, -1 is padding. Shape: (batch_size, num_pieces)
    passage_pieces : `Tensor`
        Shape: (batch_size, num_pieces)
    """
    packs = pack_segments(segment_ids, segment_ids.numel() ** 2)
    if not packs:  # nothing but empty passages
        none = segment_ids.new_zeros(0)
        rows = none.view(0, 1)
        return AnswerWindows(logits.flatten(0, 1)[rows], rows.bool(), rows, none, none)
    (pack,) = packs  # no limit to its size
    # Shape: (W,)
    firsts = pack.places[:, 0]
    return AnswerWindows(
        logits=logits.flatten(0, 1)[pack.places],
        mask=pack.mask,
        passage_pieces=passage_pieces.flatten()[pack.places].masked_fill(~pack.mask, -1),
        rows=firsts // segment_ids.size(1),
        numbers=segment_ids.flatten()[firsts],
    )


def answer_loss(windows: AnswerWindows, answers: Tensor, *, over_everything: bool) -> Tensor:
    """
    The mean of the cross entropies of first and last pieces, (CE_start + CE_end) / 2, averaged over
    windows; without a window, 0.

    # Parameters

    windows : `AnswerWindows`
        The logits.
    answers : `Tensor`
        Shape: (W, 2)
    over_everything : `bool`
        Whether the softmax runs over all pieces, those of the question among them, as in the
        original, or over those that may be an answer.

    # Returns

    `Tensor`
        Shape: ()
    """
    allowed = windows.mask if over_everything else windows.may_be_answer
    # Shape: (W, L, 2)
    logits = windows.logits.masked_fill(~allowed.unsqueeze(-1), -torch.inf)
    if not len(logits):
        return logits.sum()
    return cross_entropy(logits, answers)
