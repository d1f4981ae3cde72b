"""The candidate spans of a document, and the top spans among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from allennlp.common import FromParams
from torch import Tensor

from spanbert_allen.modules.layers.transfers import to_cpu, to_device


class _Columns(NamedTuple):
    starts: Tensor
    ends: Tensor


class SpanCandidates(_Columns):
    """
    Spans in order of (start, end), as two columns of unit indices.

    Nothing else is ever held for a candidate but its score. Spans on a GPU know their columns on
    the CPU as well, so that nobody waits for the GPU to learn where a chunk of spans begins.

    starts, ends : `Tensor`
        Shape: (num_candidates,). Ends are inside the span.
    """

    _here: SpanCandidates | None = None

    @property
    def on_cpu(self) -> SpanCandidates:
        """Return the same spans on the CPU; they are read from a GPU only if nobody knows them."""
        if self.starts.device.type == "cpu":
            return self
        if self._here is None:
            self._here = SpanCandidates(*to_cpu(*self))
        return self._here

    def on(self, device: torch.device) -> SpanCandidates:
        """Return the same spans on a device."""
        if device == self.starts.device:
            return self
        here = self.on_cpu
        there = SpanCandidates(*to_device(device, *here))
        if device.type != "cpu":
            there._here = here
        return there

    def part(self, first: int, stop: int) -> SpanCandidates:
        """Return the spans from `first` to before `stop`."""
        return self._each(lambda column: column[first:stop])

    def parts(self, most: int, *, units: int) -> list[SpanCandidates]:
        """
        Return the spans in parts that look at few units, though spans may lie far apart.

        # Parameters

        most : `int`
            How many spans a part has at most.
        units : `int`
            Within how many units the spans of a part begin.
        """
        starts = self.on_cpu.starts.contiguous()
        parts, first = [], 0
        while first < len(starts):
            stop = int(torch.searchsorted(starts, int(starts[first]) + units))
            parts.append(self.part(first, min(first + most, stop)))
            first = min(first + most, stop)
        return parts

    def moved(self, by: int) -> SpanCandidates:
        """Return the spans so many units further on."""
        return self._each(lambda column: column + by)

    def united(self, others: SpanCandidates) -> SpanCandidates:
        """Return the spans of both, in order and each once; all are on the CPU."""
        starts, ends = torch.cat([self.starts, others.starts]), torch.cat([self.ends, others.ends])
        if not len(starts):
            return self
        num_units = int(ends.max()) + 1
        places = (starts * num_units + ends).unique()
        return SpanCandidates(places // num_units, places % num_units)

    def are_among(self, others: SpanCandidates) -> Tensor:
        """Return whether each span is one of others; all are on the CPU. Shape: (num_spans,)."""
        known = set(zip(others.starts.tolist(), others.ends.tolist(), strict=True))
        spans = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return torch.tensor([span in known for span in spans], dtype=torch.bool)

    def reach(self) -> tuple[int, int]:
        """Return the first unit of the spans, of which there is one at least, and the last + 1."""
        here = self.on_cpu
        return int(here.starts[0]), int(here.ends.max()) + 1

    def _each(self, change: Callable[[Tensor], Tensor]) -> SpanCandidates:
        changed = SpanCandidates(*map(change, self))
        if self._here is not None:
            changed._here = self._here._each(change)
        return changed

    def widths(self, num_widths: int) -> Tensor:
        """
        Return the width of each span as the row of a table: 0 for one unit.

        A given mention wider than the table has its last row. Shape: (num_candidates,).
        """
        return (self.ends - self.starts).clamp(max=num_widths - 1)

    def select(self, chosen: Tensor) -> SpanCandidates:
        """
        Return some of the spans: `chosen` holds indices, or a boolean for each.

        If it is on the CPU, nothing is read from a GPU on which the spans are.
        """
        if chosen.device != self.starts.device:
            return self.on_cpu.select(chosen).on(self.starts.device)
        return SpanCandidates(self.starts[chosen], self.ends[chosen])


@dataclass(kw_only=True)
class SpanSelection(FromParams):
    """
    Hold how many spans of a document are taken for mentions.

    In a configuration these are keys of `model.head`.

    # Parameters

    kept_per_unit : `float`, optional (default = `0.4`)
        The top spans are the best floor(kept_per_unit x units).
    max_kept : `int`, optional (default = `3900`)
        The most top spans of a document; `null` for no limit. Beyond some 10,000 units the limit
        costs mentions.
    uncounted_units : `int`, optional (default = `0`)
        Added to the number of units when top spans are counted: 2 where [CLS] and [SEP] are no
        units but count, as in AllenNLP's models of word pieces.
    allow_crossing : `bool`, optional (default = `False`)
        Whether top spans may overlap in part.
    """

    kept_per_unit: float = 0.4
    max_kept: int | None = 3900
    uncounted_units: int = 0
    allow_crossing: bool = False

    def share(self, num_units: int) -> int:
        """Return how many top spans a document of this length has, but for `max_kept`."""
        if not num_units:
            return 0
        return int(self.kept_per_unit * (num_units + self.uncounted_units))

    def num_top(self, num_units: int) -> int:
        """Return how many top spans a document of this length has."""
        share = self.share(num_units)
        return share if self.max_kept is None else min(share, self.max_kept)


def enumerate_candidates(
    sentence_ids: Tensor,
    max_span_width: int,
    *,
    may_start: Tensor | None = None,
    may_end: Tensor | None = None,
) -> SpanCandidates:
    """
    Return all spans of at most `max_span_width` units inside one sentence.

    # Parameters

    sentence_ids : `Tensor`
        The sentence of each unit, ascending. Shape: (num_units,)
    max_span_width : `int`
        In units.
    may_start, may_end : `Tensor`, optional (default = `None`)
        The units that a span may start and end with; all when `None`. Shape: (num_units,), boolean
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
    if may_start is not None:
        num_ends = num_ends * may_start
    # Shape: (num_candidates,)
    starts = positions.repeat_interleave(num_ends)
    first_candidates = num_ends.cumsum(0) - num_ends
    ends = starts + torch.arange(len(starts), device=starts.device) - first_candidates[starts]
    candidates = SpanCandidates(starts, ends)
    if may_end is not None:
        candidates = candidates.select(may_end[candidates.ends])
    return candidates


def keep_best(
    scores: Tensor,
    candidates: SpanCandidates,
    num_top: int,
    *,
    allow_crossing: bool = False,
    kept: Tensor | None = None,
) -> Tensor:
    """
    Choose the top spans: the candidates with the best scores.

    Unless crossing is allowed, none of them crosses a better one (overlaps it without one holding
    the other). The earlier wins a tie.

    # Parameters

    scores : `Tensor`
        Shape: (num_candidates,)
    candidates : `SpanCandidates`
        What they are the scores of.
    num_top : `int`
        The most spans to choose.
    allow_crossing : `bool`, optional (default = `False`)
        Whether they may cross.
    kept : `Tensor`, optional (default = `None`)
        The candidates that are chosen whatever they score and cross, beside `num_top` others; on
        the CPU. Shape: (num_candidates,), boolean

    # Returns

    `Tensor`
        Indices of candidates, ascending, so that spans are in order of (start, end); on the CPU, to
        which the order of the scores is brought in one copy. Shape: (at most num_top and kept,)
    """
    (order,) = to_cpu(scores.detach().argsort(descending=True, stable=True))
    num_kept = 0
    if kept is not None:
        is_kept = kept[order]
        order = torch.cat([order[is_kept], order[~is_kept]])
        num_kept = int(is_kept.sum())
        num_top += num_kept
    if allow_crossing:
        return order[:num_top].sort().values
    accepted: list[int] = []
    candidates = candidates.on_cpu
    num_units = candidates.reach()[1] if len(order) else 0
    crossing = _CrossingTest(num_units)
    # The best few are nearly always enough: the rest is looked at only when they are not.
    for batch in order.split(max(4 * num_top, 1)):
        starts = candidates.starts[batch].tolist()
        ends = candidates.ends[batch].tolist()
        for candidate, start, end in zip(batch.tolist(), starts, ends, strict=True):
            if len(accepted) == num_top:
                break
            if len(accepted) < num_kept or not crossing.crosses(start, end):
                crossing.add(start, end)
                accepted.append(candidate)
    return torch.tensor(sorted(accepted), dtype=torch.long)


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
