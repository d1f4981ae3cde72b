"""The windows of a batch, what a head makes of them, and their loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

from spanbert_allen.modules.encoder.packing import pack_segments
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.qa.heads.head import PairScores


@dataclass(frozen=True)
class WindowLayout:
    """
    Say where the windows of a batch stand in its rows; all of it on the CPU.

    W is the number of windows, long ones first, and L the number of pieces of the longest.

    # Parameters

    places : `Tensor`
        Where each piece stands in the flattened batch. Shape: (W, L)
    mask : `Tensor`
        Which pieces are real. Shape: (W, L)
    rows, numbers : `Tensor`
        The question of each window, and the number of the window there. Shape: (W,)
    """

    places: Tensor
    mask: Tensor
    rows: Tensor
    numbers: Tensor

    def of(self, column: Tensor, padding: int = 0) -> Tensor:
        """Return a column of the batch, (batch_size, num_pieces), by windows: (W, L)."""
        if not column.numel():  # nothing but empty passages
            return column.new_full(self.places.shape, padding)
        return column.flatten()[self.places].masked_fill(~self.mask, padding)

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


def window_layouts(segment_ids: Tensor, max_pieces: int | None = None) -> list[WindowLayout]:
    """
    Return the windows of a batch whose rows have them one after the other; at least one layout.

    # Parameters

    segment_ids : `Tensor`
        The number of the window, -1 is padding; on the CPU. Shape: (batch_size, num_pieces)
    max_pieces : `int`, optional (default = `None`)
        How many pieces, padding counted, a layout has at most; by default all are in one.
    """
    budget = segment_ids.numel() ** 2 if max_pieces is None else max_pieces
    layouts = []
    for pack in pack_segments(segment_ids, budget):
        # Shape: (W,)
        firsts = pack.places[:, 0]
        rows = firsts // segment_ids.size(1)
        layouts.append(WindowLayout(pack.places, pack.mask, rows, segment_ids.flatten()[firsts]))
    none = torch.zeros(0, 1, dtype=torch.long)
    return layouts or [WindowLayout(none, none.bool(), none[:, 0], none[:, 0])]


@dataclass(frozen=True)
class AnswerWindows:
    """
    Hold the scores of windows, one below the other.

    W is the number of windows, and L the number of pieces of the longest.

    # Parameters

    logits : `Tensor`
        The scores of each piece as the first and the last of the answer. Shape: (W, L, 2)
    mask : `Tensor`
        Which pieces are real. Shape: (W, L)
    passage_pieces : `Tensor`
        The index of each piece in its passage, -1 outside of it. Shape: (W, L)
    pairs : `PairScores`, optional (default = `None`)
        If the head looks at both ends together.
    """

    logits: Tensor
    mask: Tensor
    passage_pieces: Tensor
    pairs: PairScores | None = None

    @property
    def may_be_answer(self) -> Tensor:
        """Return which pieces may be answers: [CLS], for "no answer", and the passage, (W, L)."""
        allowed = self.passage_pieces >= 0
        allowed[:, 0] = True
        return allowed

    def best_spans(self) -> Tensor:
        """
        Return the best first and last piece of each window, (W, 2), without regard to their order.

        With pairs it is the best span of them or "no answer".
        """
        allowed = self.may_be_answer.unsqueeze(-1)
        best = self.logits.masked_fill(~allowed, -torch.inf).argmax(1)
        if self.pairs is None or not len(best):
            return best
        kept, null = self._pair_scores(self.pairs)
        top = kept.flatten(1).max(1)
        ends = [
            places.gather(1, column[:, None])[:, 0]
            for places, column in (
                (self.pairs.firsts, top.indices // kept.size(2)),
                (self.pairs.lasts, top.indices % kept.size(2)),
            )
        ]
        return torch.where((top.values > null)[:, None], torch.stack(ends, -1), 0)

    def pair_loss(self, answers: Tensor) -> Tensor:
        """
        Return the mean cross entropy over spans of each window, shape (); 0 without pairs.

        The softmax has the spans of `pairs`, "no answer" and the right answer, which is always in.
        It trains what `pairs` were made with; the logits are taken as they are.

        # Parameters

        answers : `Tensor`
            Shape: (W, 2)
        """
        pairs = self.pairs
        if pairs is None or pairs.gold is None or not len(answers):
            return self.logits.new_zeros(())
        fixed = replace(self, logits=self.logits.detach())
        kept, null = fixed._pair_scores(pairs)
        is_gold = (pairs.firsts == answers[:, :1])[:, :, None] & (pairs.lasts == answers[:, 1:])[
            :, None
        ]
        gold = fixed._ends(answers[:, :1], answers[:, 1:])[:, 0] + pairs.gold
        # Shape: (W, 2 + num_firsts * num_lasts)
        scores = torch.cat(
            [
                gold[:, None],
                null.masked_fill((answers == 0).all(1), -torch.inf)[:, None],
                kept.masked_fill(is_gold, -torch.inf).flatten(1),
            ],
            dim=1,
        )
        return (scores.logsumexp(1) - gold).mean()

    def _pair_scores(self, pairs: PairScores) -> tuple[Tensor, Tensor]:
        """Return joint scores: (W, num_firsts, num_lasts), and (W,) of "no answer"."""
        logits = at_least_float32(self.logits)
        starts = logits[..., 0].gather(1, pairs.firsts)
        ends = logits[..., 1].gather(1, pairs.lasts)
        return starts[:, :, None] + ends[:, None] + pairs.terms, logits[:, 0].sum(-1) + pairs.null

    def _ends(self, firsts: Tensor, lasts: Tensor) -> Tensor:
        """Return the sums of both logits of spans, (W, num_spans), as their ends."""
        logits = at_least_float32(self.logits)
        return logits[..., 0].gather(1, firsts) + logits[..., 1].gather(1, lasts)


def joined_windows(parts: Sequence[AnswerWindows]) -> AnswerWindows:
    """Return the windows of several parts, in their order; at least one part."""
    if len(parts) == 1:
        return parts[0]
    longest = max(part.mask.size(1) for part in parts)

    def padded(tensor: Tensor, value: float) -> Tensor:
        return pad(tensor, (*[0, 0] * (tensor.dim() - 2), 0, longest - tensor.size(1)), value=value)

    pairs = [part.pairs for part in parts if part.pairs is not None]
    return AnswerWindows(
        logits=torch.cat([padded(part.logits, 0.0) for part in parts]),
        mask=torch.cat([padded(part.mask, False) for part in parts]),
        passage_pieces=torch.cat([padded(part.passage_pieces, -1) for part in parts]),
        pairs=_joined_pairs(pairs) if pairs else None,
    )


def _joined_pairs(parts: Sequence[PairScores]) -> PairScores:
    known = [part.gold for part in parts if part.gold is not None]
    return PairScores(
        firsts=torch.cat([part.firsts for part in parts]),
        lasts=torch.cat([part.lasts for part in parts]),
        terms=torch.cat([part.terms for part in parts]),
        null=torch.cat([part.null for part in parts]),
        gold=torch.cat(known) if known else None,
    )


def answer_loss(windows: AnswerWindows, answers: Tensor, *, over_everything: bool) -> Tensor:
    """
    Return the cross entropies of first and last pieces, (CE_start + CE_end) / 2, over windows.

    It is the mean over all windows, and 0 without any. For a head that looks at both ends together,
    that of spans is added.

    # Parameters

    windows : `AnswerWindows`
        The windows with their scores.
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
    return cross_entropy(logits, answers) + windows.pair_loss(answers)
