"""The scored links of a document, put together from those of its windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from spanbert_allen.modules.coref.given_clusters import GrowingClusters
from spanbert_allen.modules.coref.joined_clusters import ClusterLink
from spanbert_allen.modules.coref.mentions.scorer import BoundaryScores
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.scored_links import ScoredLinks, best_links


class WindowLinks:
    """
    Collect the links of one window after another.

    A window adds the top spans that reach into its new part, and links them to spans that it or an
    earlier window has added.

    # Parameters

    link_threshold : `float`, optional (default = `0.0`)
        The score that a link must exceed, as for `CorefDecoding`.
    given : `Mapping[tuple[int, int], int]`, optional (default = `None`)
        The given cluster of each given span, -1 for none: links keep to them as those of
        `link_beside_given`.
    join_given : `bool`, optional (default = `False`)
        Whether links may join two given clusters.
    """

    def __init__(
        self,
        *,
        link_threshold: float = 0.0,
        given: Mapping[tuple[int, int], int] | None = None,
        join_given: bool = False,
    ) -> None:
        self._link_threshold = link_threshold
        self._given = given
        self._clusters = GrowingClusters(may_join=join_given)
        self._number_of: dict[tuple[int, int], int] = {}
        self._parts: list[ScoredLinks] = []

    def add(
        self, links: ScoredLinks, positions: Tensor, *, first_own: int, new: int
    ) -> tuple[list[tuple[int, int]], list[float], list[int]]:
        """
        Add the links of a window.

        # Parameters

        links : `ScoredLinks`
            What the head returned for the window.
        positions : `Tensor`
            The number in the document of each unit of the window. Shape: (num_window_units,)
        first_own : `int`
            The first unit of the window's own text, after those of remembered mentions.
        new : `int`
            The first unit of the document that no earlier window held.

        # Returns

        `tuple[list[tuple[int, int]], list[float], list[int]]`
            For each span added: its first and last unit in the document, its mention score, and the
            number of the span it is linked to, or given a cluster with, -1 for none.
        """
        starts, ends = positions[links.spans.starts], positions[links.spans.ends]
        # Shape: (num_spans,)
        is_new = (links.spans.starts >= first_own) & (ends >= new)
        numbers = self._numbers(starts, ends, is_new)
        # Shape: (num_new_spans, num_antecedents)
        antecedents = numbers[links.antecedents[is_new]]
        unknown = antecedents < 0
        scores = links.scores[is_new].masked_fill(unknown, float("-inf"))
        other = links.also_trained
        spans = SpanCandidates(starts[is_new], ends[is_new])
        candidates, candidate_scores, boundaries = _new_candidates(links, positions, first_own, new)
        self._parts.append(
            ScoredLinks(
                spans,
                links.mention_scores[is_new],
                antecedents.clamp(min=0),
                scores,
                candidates,
                candidate_scores,
                None if other is None else other[is_new].masked_fill(unknown, float("-inf")),
                boundaries,
            )
        )
        places = list(zip(spans.starts.tolist(), spans.ends.tolist(), strict=True))
        return places, self._parts[-1].mention_scores.tolist(), self._antecedents(places)

    def are_given(self, spans: Sequence[tuple[int, int]]) -> list[bool]:
        """Return of each span whether it is in a given cluster."""
        return [(self._given or {}).get(span, -1) >= 0 for span in spans]

    def may_link(self, span: int, other: int) -> bool:
        """Return whether a link of two spans, counted over all windows, keeps to given clusters."""
        return self._clusters.may_link(span, other)

    def link_clusters(self, links: Sequence[ClusterLink]) -> None:
        """Add links to earlier clusters to the spans of the last window, as a further column."""
        if not links:
            return
        part = self._parts[-1]
        first = len(self._number_of) - len(part.scores)
        if self._given is not None:
            for link in links:
                if link.score > self._link_threshold:
                    self._clusters.join(link.span, link.antecedent)
        rows = torch.tensor([link.span - first for link in links])
        # Shape of each: (num_new_spans, 1)
        antecedents = part.antecedents.new_zeros(len(part.scores), 1)
        antecedents[rows, 0] = torch.tensor([link.antecedent for link in links])
        scores = part.scores.new_full(antecedents.shape, float("-inf"))
        scores[rows, 0] = scores.new_tensor([link.score for link in links])
        self._parts[-1] = part._replace(
            antecedents=torch.cat([part.antecedents, antecedents], dim=1),
            scores=torch.cat([part.scores, scores], dim=1),
        )

    def whole(self, *, num_units: int) -> ScoredLinks:
        """Return the links of all windows, with spans and candidates in document order."""
        parts = self._parts
        width = max(part.scores.size(1) for part in parts)
        starts = torch.cat([part.spans.starts for part in parts])
        ends = torch.cat([part.spans.ends for part in parts])
        # Where a sentence was cut, a later window adds spans that begin before those of an earlier.
        order = (starts * num_units + ends).argsort()
        new_numbers = torch.empty_like(order)
        new_numbers[order] = torch.arange(len(order), device=order.device)
        antecedents = torch.cat([_widened(part.antecedents, width, 0) for part in parts])
        candidate_starts = torch.cat([part.candidates.starts for part in parts])
        candidate_ends = torch.cat([part.candidates.ends for part in parts])
        candidate_order = (candidate_starts * num_units + candidate_ends).argsort()
        others = [part.also_trained for part in parts if part.also_trained is not None]
        return ScoredLinks(
            SpanCandidates(starts[order], ends[order]),
            torch.cat([part.mention_scores for part in parts])[order],
            new_numbers[antecedents[order]] if len(order) else antecedents,
            torch.cat([_widened(part.scores, width, float("-inf")) for part in parts])[order],
            SpanCandidates(candidate_starts[candidate_order], candidate_ends[candidate_order]),
            torch.cat([part.candidate_scores for part in parts])[candidate_order],
            torch.cat([_widened(other, width, float("-inf")) for other in others])[order]
            if others
            else None,
            _joined_boundaries(parts, candidate_order),
        )

    def _antecedents(self, spans: Sequence[tuple[int, int]]) -> list[int]:
        """Return what the spans of the last window are linked to, see `add`."""
        part = self._parts[-1]
        if self._given is None:
            return best_links(part, self._link_threshold)[0].tolist()
        first = len(self._number_of) - len(spans)
        together = [self._clusters.add(self._given.get(span, -1)) for span in spans]
        columns = self._clusters.link(part, self._link_threshold, first=first)
        return [
            other if other >= 0 or column < 0 else int(part.antecedents[row, column])
            for row, (other, column) in enumerate(zip(together, columns, strict=True))
        ]

    def _numbers(self, starts: Tensor, ends: Tensor, is_new: Tensor) -> Tensor:
        """Return the numbers of a window's spans, -1 if never added. Shape: (num_spans,)."""
        numbers = []
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        for span, is_added in zip(spans, is_new.tolist(), strict=True):
            if is_added:
                self._number_of[span] = len(self._number_of)
            numbers.append(self._number_of.get(span, -1))
        return torch.tensor(numbers, dtype=torch.long, device=starts.device)


def _new_candidates(
    links: ScoredLinks, positions: Tensor, first_own: int, new: int
) -> tuple[SpanCandidates, Tensor, BoundaryScores | None]:
    """Return the candidates that are new, in the document's units, and their scores."""
    local_starts, local_ends = links.candidates
    is_new = (local_starts >= first_own) & (positions[local_ends] >= new)
    candidates = SpanCandidates(positions[local_starts[is_new]], positions[local_ends[is_new]])
    boundaries = None
    if links.boundaries is not None:
        # Shape: (num_new_units,)
        start_scores = links.boundaries.start_scores[first_own:][positions[first_own:] >= new]
        boundaries = BoundaryScores(start_scores, links.boundaries.end_scores[is_new])
    return candidates, links.candidate_scores[is_new], boundaries


def _joined_boundaries(parts: Sequence[ScoredLinks], order: Tensor) -> BoundaryScores | None:
    """Return the boundaries, if each window has some, with those of candidates in this order."""
    found = [part.boundaries for part in parts if part.boundaries is not None]
    if len(found) < len(parts):  # a long window holds its best candidates alone, and no boundaries
        return None
    starts, ends = map(torch.cat, zip(*found, strict=True))
    return BoundaryScores(starts, ends[order])


def _widened(rows: Tensor, width: int, filler: float) -> Tensor:
    """Fill up rows to a width. Shapes: (num_rows, narrower) to (num_rows, width)."""
    return functional.pad(rows, (0, width - rows.size(1)), value=filler)
