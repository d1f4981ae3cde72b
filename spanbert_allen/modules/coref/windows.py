"""Coreference of a book: the head sees one window of the document after another."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from allennlp.common import FromParams
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
from spanbert_allen.modules.coref.joined_clusters import JoinedClusters
from spanbert_allen.modules.coref.joiners import ClusterJoiner
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.remembered_mentions import RememberedMentions
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.window_links import WindowLinks
from spanbert_allen.modules.layers.transfers import to_device


class CorefWindows(FromParams):
    """
    Say how a document is cut into overlapping windows of whole sentences.

    With windows, time and memory grow only in proportion to the length of a document. The encoder's
    vectors are those of the whole document; only the head sees windows.

    A span belongs to the first window that holds it whole. That window decides whether it is a top
    span, and links it to top spans of its own or, across the overlap, of an earlier window. So each
    mention has one antecedent, as without windows, and two windows never disagree on a mention.
    Clusters join where links do. Mentions from before the window can still be linked to while they
    are remembered: the mentions that stand for the latest clusters go before the window's own text,
    each as a sentence of its own. Clusters that a user gives are remembered before all others.

    A document that fits into one window is scored as without windows.

    # Parameters

    length : `int`, optional (default = `4000`)
        The length of a window in units (word pieces, or words), with the overlap. A longer sentence
        is cut. No mention that is given is: a window that would end inside of one ends before it,
        or, if it is too long for that, after it.
    overlap : `int`, optional (default = a quarter of the length)
        How far a window reaches back into the text of the window before.
    remembered : `int`, optional (default = `200`)
        How many mentions from before a window can be linked to; 0 for none.
    joined_by : `ClusterJoiner`, optional (default = `None`)
        Also compares each cluster that begins in a window, as a whole, with the clusters before it,
        and links it to the best one if that scores above the threshold of links.
    """

    def __init__(
        self,
        *,
        length: int = 4000,
        overlap: int | None = None,
        remembered: int = 200,
        joined_by: ClusterJoiner | None = None,
    ) -> None:
        if overlap is None:
            overlap = length // 4
        if not 0 <= overlap < length:
            raise ConfigError(
                f"model.windows: the overlap is {overlap} units and the length {length}; give an "
                "overlap from 0 to less than the length"
            )
        if remembered < 0:
            raise ConfigError(f"model.windows.remembered is {remembered}; give a number from 0")
        self.length = length
        self.overlap = overlap
        self.remembered = remembered
        self.joined_by = joined_by


class Window(NamedTuple):
    """
    A window of a document, from the unit `start` to before `end`.

    The units before `new` were in the window before as well.
    """

    start: int
    new: int
    end: int


def score_in_windows(
    head: CorefHead,
    document: DocumentUnits,
    windows: CorefWindows,
    *,
    link_threshold: float = 0.0,
    given: Mapping[tuple[int, int], int] | None = None,
    join_given: bool = False,
) -> ScoredLinks:
    """
    Return the scored links of a document that the head sees in windows.

    # Parameters

    head : `CorefHead`
        Scores each window.
    document : `DocumentUnits`
        The whole document.
    windows : `CorefWindows`
        How it is cut.
    link_threshold : `float`, optional (default = `0.0`)
        The score that a link must exceed, as for `CorefDecoding`: links tell which mentions are of
        one cluster, and so which mention of it is remembered.
    given : `Mapping[tuple[int, int], int]`, optional (default = `None`)
        The given cluster of each given span, -1 for none.
    join_given : `bool`, optional (default = `False`)
        Whether links may join two given clusters.

    # Returns

    `ScoredLinks`
        The links of the whole document, by the numbers of its units and of all its top spans; on
        the CPU, to which those of a window are brought in one copy.
    """
    document = document.on_cpu()
    found = WindowLinks(link_threshold=link_threshold, given=given, join_given=join_given)
    memory = RememberedMentions(windows.remembered)
    clusters = None
    if windows.joined_by is not None:
        clusters = JoinedClusters(windows.joined_by, head, document, link_threshold=link_threshold)
    uncut = document.kept_spans if document.given_spans is None else document.given_spans
    for window in window_bounds(document.sentence_ids, windows, uncut=uncut):
        memory.forget_before(window.start)
        remembered = memory.mentions()
        # Shape: (num_window_units,)
        positions, sentence_ids = _window_units(document, window, remembered)
        links = head(_select(document, positions, sentence_ids, window, remembered)).on_cpu()
        first_own = len(positions) - (window.end - window.start)
        spans, scores, antecedents = found.add(
            links, positions, first_own=first_own, new=window.new
        )
        if clusters is not None:
            may_link = None if given is None else found.may_link
            joining = clusters.add(spans, scores, antecedents, may_link)
            found.link_clusters(joining)
            antecedents = clusters.joined(antecedents, joining)
        memory.add(spans, scores, antecedents, found.are_given(spans))
    return found.whole(num_units=document.vectors.size(0))


def window_bounds(
    sentence_ids: Tensor, windows: CorefWindows, *, uncut: SpanCandidates | None = None
) -> Iterator[Window]:
    """
    Return the windows of a document.

    Together they hold every unit, and each holds a new one; a document without units has one empty
    window.

    # Parameters

    sentence_ids : `Tensor`
        The sentence of each unit, ascending. Shape: (num_units,)
    windows : `CorefWindows`
        How the document is cut.
    uncut : `SpanCandidates`, optional (default = `None`)
        Spans of which each is whole in a window.
    """
    num_units = sentence_ids.size(0)
    lengths = sentence_ids.unique_consecutive(return_counts=True)[1]
    edges = [0, *lengths.cumsum(0).tolist()]
    inside = _inside_of(uncut, num_units)
    ends = [edge for edge in edges if not inside[edge]]
    start = done = 0
    while True:
        furthest = min(start + windows.length, num_units)
        end = ends[bisect_right(ends, furthest) - 1]
        if end <= done:
            end = _end_near(furthest, inside, after=done)
        yield Window(start, done, end)
        if end == num_units:
            return
        nearest = edges[bisect_left(edges, end - windows.overlap)]
        start = nearest if nearest < end else end - windows.overlap
        done = end


def _inside_of(spans: SpanCandidates | None, num_units: int) -> list[bool]:
    """Return of each place from 0 to `num_units` whether a cut there would part a span."""
    steps = torch.zeros(num_units + 1, dtype=torch.long)
    if spans is not None:
        ones = torch.ones_like(spans.starts)
        steps.index_add_(0, spans.starts + 1, ones).index_add_(0, spans.ends + 1, -ones)
    return (steps.cumsum(0) > 0).tolist()


def _end_near(place: int, inside: list[bool], *, after: int) -> int:
    """Return the last place up to `place`, or else the first beyond it, that parts no span."""
    before = (end for end in range(place, after, -1) if not inside[end])
    beyond = (end for end in range(place + 1, len(inside)) if not inside[end])
    return next(before, None) or next(beyond, place)


def _window_units(
    document: DocumentUnits, window: Window, remembered: list[tuple[int, int]]
) -> tuple[Tensor, Tensor]:
    """
    Return the units of the document that the head sees, and their sentences.

    Those of remembered mentions come first. Shape of each: (num_window_units,)
    """
    device = document.sentence_ids.device
    mentions = [torch.arange(start, end + 1, device=device) for start, end in remembered]
    own = torch.arange(window.start, window.end, device=device)
    sentences = [torch.full_like(units, number) for number, units in enumerate(mentions)]
    own_sentences = document.sentence_ids[window.start : window.end]
    own_sentences = own_sentences - own_sentences[:1] + len(mentions)
    return torch.cat([*mentions, own]), torch.cat([*sentences, own_sentences])


def _select(
    document: DocumentUnits,
    positions: Tensor,
    sentence_ids: Tensor,
    window: Window,
    remembered: list[tuple[int, int]],
) -> DocumentUnits:
    """
    Return the document with these units.

    No other span than the mention itself begins or ends in a remembered mention.
    """
    may_start, may_end = document.may_start, document.may_end
    if remembered:
        edges = torch.tensor(remembered, device=positions.device)
        # Shape: (num_mentions,)
        lengths = edges[:, 1] - edges[:, 0] + 1
        lasts = lengths.cumsum(0) - 1
        may_start = _marked(may_start, positions, lasts - lengths + 1, int(lasts[-1]) + 1)
        may_end = _marked(may_end, positions, lasts, int(lasts[-1]) + 1)
    elif may_start is not None and may_end is not None:
        may_start, may_end = may_start[positions], may_end[positions]
    return document._replace(
        vectors=document.vectors[to_device(document.vectors.device, positions)[0]],
        sentence_ids=sentence_ids,
        segment_ids=document.segment_ids[positions],
        speaker_ids=document.speaker_ids[positions],
        word_ids=None if document.word_ids is None else document.word_ids[positions],
        may_start=may_start,
        may_end=may_end,
        given_spans=_given_spans(document.given_spans, window, remembered),
        kept_spans=_given_spans(document.kept_spans, window, remembered),
    )


def _given_spans(
    given: SpanCandidates | None, window: Window, remembered: list[tuple[int, int]]
) -> SpanCandidates | None:
    """Return the given spans that the window holds, in its own units, and remembered mentions."""
    if given is None:
        return None
    inside = (given.starts >= window.start) & (given.ends < window.end)
    # Shape: (num_mentions,)
    lengths = torch.tensor([end - start + 1 for start, end in remembered], dtype=torch.long)
    lasts = lengths.to(given.starts.device).cumsum(0) - 1
    firsts = lasts - lengths.to(lasts.device) + 1
    shift = int(lengths.sum()) - window.start
    return SpanCandidates(
        torch.cat([firsts, given.starts[inside] + shift]),
        torch.cat([lasts, given.ends[inside] + shift]),
    )


def _marked(allowed: Tensor | None, positions: Tensor, marks: Tensor, num_marked: int) -> Tensor:
    """
    Return the units that spans may begin, or end, with.

    Among the first `num_marked` units they are those at `marks`, after these the same as in the
    document. Shape: (num_window_units,)
    """
    result = torch.ones_like(positions, dtype=torch.bool) if allowed is None else allowed[positions]
    result[:num_marked] = False
    result[marks] = True
    return result
