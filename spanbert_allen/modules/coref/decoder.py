"""From scored links to clusters of words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.modules.coref.given_clusters import LinkedSpans, link_beside_given
from spanbert_allen.modules.coref.scored_links import ScoredLinks, best_links, clusters_of_links

FEWEST_WORDS = 3
"""The shortest document in which mentions are linked, in words, however many pieces they are."""


@dataclass(frozen=True)
class CorefDecoding:
    """
    Hold the thresholds of links and of clusters of one mention. `None` leaves it to the model.

    # Parameters

    singleton_threshold : `float`, optional (default = `None`)
        A span without links becomes a cluster of one if it scores above this as a mention. Where
        the model has `None` as well, there are no such clusters.
    link_threshold : `float`, optional (default = `None`)
        A span is linked to its best antecedent if that scores above this; 0 is the score of no
        antecedent. Above 0 links are fewer and surer, below 0 there are more. A link of score s has
        the probability 1 / (1 + exp(-s)) against no antecedent.
    top_antecedents : `int`, optional (default = `0`)
        How many antecedents to report of each mention. "No antecedent" is one of them.
    join_given : `bool`, optional (default = `False`)
        Whether links may join two clusters that were given apart.
    """

    singleton_threshold: float | None = None
    link_threshold: float | None = None
    top_antecedents: int = 0
    join_given: bool = False

    def over(self, model: CorefDecoding) -> CorefDecoding:
        """Return these settings, with the model's in place of `None`."""
        return CorefDecoding(
            _either(self.singleton_threshold, model.singleton_threshold),
            _either(self.link_threshold, model.link_threshold),
            self.top_antecedents,
            self.join_given,
        )


class RankedAntecedent(NamedTuple):
    """An antecedent that a mention may have; the words are `None` for "no antecedent"."""

    words: WordSpan | None
    score: float
    probability: float


def num_words(word_ids: Tensor) -> int:
    """Return how many words a document's units are of; `word_ids` is as for `decode`."""
    return word_ids[word_ids >= 0].unique().numel()


class DecodedClusters(NamedTuple):
    """
    The clusters of one document, with scores for each mention in lists of the same form.

    clusters : `list[list[WordSpan]]`
        Mentions in document order; clusters in the order of their first mention.
    mention_scores : `list[list[float]]`
        The score of each mention as a mention.
    link_scores : `list[list[float | None]]`
        The score of its link to another mention of the cluster, whose pieces stand before its own;
        `None` for the mention without such a link.
    link_probabilities : `list[list[float | None]]`
        The probability of that link, among all candidate antecedents of the mention and "no
        antecedent".
    antecedents : `list[list[list[RankedAntecedent]]]`
        The best antecedents of each mention, the best first, as many as were asked for. "No
        antecedent" is one of them.
    """

    clusters: list[list[WordSpan]]
    mention_scores: list[list[float]]
    link_scores: list[list[float | None]]
    link_probabilities: list[list[float | None]]
    antecedents: list[list[list[RankedAntecedent]]]


class _Mention(NamedTuple):
    words: WordSpan
    span: int
    is_first: bool


def decode(
    links: ScoredLinks,
    word_ids: Tensor,
    decoding: CorefDecoding | None = None,
    *,
    are_given: bool = False,
    given_clusters: Sequence[int] | None = None,
) -> DecodedClusters:
    """
    Link each top span to its best antecedent, and return the clusters that links make.

    A span whose best antecedent does not score above the threshold has no link.

    # Parameters

    links : `ScoredLinks`
        The scored links of the document.
    word_ids : `Tensor`
        The word of each unit; -1 for special pieces, which count as the word before them. Of two
        spans of the same words, the first stays. Shape: (num_units,)
    decoding : `CorefDecoding`, optional (default = `CorefDecoding()`)
        Other thresholds, and what to report of each mention.
    are_given : `bool`, optional (default = `False`)
        Whether the spans were given as mentions. Then each of them without links is a cluster of
        one, whatever it scores, if there are such clusters at all; and mentions are linked in a
        document of any length.
    given_clusters : `Sequence[int]`, optional (default = `None`)
        The number of the given cluster that each span is in, or -1 for none. Spans of a given
        cluster stay together, and two given clusters apart, see `link_beside_given`.
    """
    decoding = decoding or CorefDecoding()
    threshold = decoding.singleton_threshold
    has_given = are_given or given_clusters is not None
    is_short = num_words(word_ids) < FEWEST_WORDS and not has_given
    if is_short and threshold is None:
        return DecodedClusters([], [], [], [], [])
    # Shape: (num_units,)
    words = word_ids.cummax(0).values.clamp(min=0)
    starts, ends = words[links.spans.starts].tolist(), words[links.spans.ends].tolist()
    places = [WordSpan(*span) for span in zip(starts, ends, strict=True)]
    linked_spans = _linked(links, decoding, given_clusters)
    # Shape of each: (num_spans,)
    scores, probabilities = _scores_of(links, linked_spans.columns)
    mention_scores = links.mention_scores.tolist()
    groups = [] if is_short else linked_spans.groups
    if threshold is not None:
        linked = {span for group in groups for span in group}
        groups += [
            [span]
            for span, score in enumerate(mention_scores)
            if span not in linked and (are_given or score > threshold)
        ]
    clusters = _mentions(groups, places, given_clusters, fewest=2 if threshold is None else 1)
    ranked = _ranked(links, places, decoding.top_antecedents)
    return DecodedClusters(
        [[mention.words for mention in cluster] for cluster in clusters],
        [[mention_scores[mention.span] for mention in cluster] for cluster in clusters],
        [[None if m.is_first else scores[m.span] for m in cluster] for cluster in clusters],
        [[None if m.is_first else probabilities[m.span] for m in cluster] for cluster in clusters],
        [[ranked(mention.span) for mention in cluster] for cluster in clusters],
    )


def _mentions(
    groups: Sequence[Sequence[int]],
    places: Sequence[WordSpan],
    given: Sequence[int] | None,
    *,
    fewest: int,
) -> list[list[_Mention]]:
    """
    Return clusters of at least `fewest` mentions in document order; no place is in two.

    Given clusters stay, however few their mentions are.
    """
    taken: set[WordSpan] = set()
    clusters: list[list[_Mention]] = []
    for group in groups:
        mentions: list[_Mention] = []
        for span in group:
            if places[span] not in taken:
                taken.add(places[span])
                mentions.append(_Mention(places[span], span, not mentions))
        is_given = given is not None and any(given[span] >= 0 for span in group)
        if len(mentions) >= (1 if is_given else fewest):
            # Spans of pieces may begin in one word and end in different ones.
            clusters.append(sorted(mentions, key=lambda mention: mention.words))
    return sorted(clusters, key=lambda mentions: mentions[0].words)


def _linked(
    links: ScoredLinks, decoding: CorefDecoding, given: Sequence[int] | None
) -> LinkedSpans:
    """Return the clusters that links make, and each span's link as a column of antecedents."""
    threshold = decoding.link_threshold or 0.0
    if given is not None:
        return link_beside_given(links, given, threshold, may_join=decoding.join_given)
    antecedents, columns = best_links(links, threshold)
    return LinkedSpans(clusters_of_links(antecedents.tolist()), columns.tolist())


def _scores_of(
    links: ScoredLinks, columns: Sequence[int]
) -> tuple[list[float | None], list[float | None]]:
    """
    Return the score of each span's link and its probability, or `None` without a link.

    The probability is among all candidates and "no antecedent".
    """
    if links.scores.numel() == 0:
        return [None] * len(columns), [None] * len(columns)
    # Shape: (num_spans, 1)
    chosen = torch.tensor(columns, dtype=torch.long).unsqueeze(1)
    # Shape: (num_spans,)
    scores = links.scores.gather(1, chosen.clamp(min=0)).squeeze(1)
    probabilities = (scores - _log_sum(links.scores)).exp()
    found = zip(columns, scores.tolist(), probabilities.tolist(), strict=True)
    pairs = [(None, None) if column < 0 else (score, share) for column, score, share in found]
    return [score for score, _ in pairs], [share for _, share in pairs]


def _log_sum(scores: Tensor) -> Tensor:
    """
    Return the log of the summed exponentials of a span's scores and the 0 of "no antecedent".

    Shapes: (num_spans, num_antecedents) to (num_spans,)
    """
    return nn.functional.pad(scores, (1, 0)).logsumexp(dim=1)


def _ranked(
    links: ScoredLinks, places: Sequence[WordSpan], count: int
) -> Callable[[int], list[RankedAntecedent]]:
    """Return a function that gives the best antecedents of a span, "no antecedent" included."""
    if not count:
        return lambda span: []
    # "No antecedent" stands first, and so before antecedents of the same score.
    # Shape: (num_spans, 1 + num_antecedents)
    scores = nn.functional.pad(links.scores, (1, 0))
    probabilities = scores.softmax(dim=1)
    # Shape: (num_spans, count)
    best, columns = scores.sort(dim=1, descending=True, stable=True)
    best, columns = best[:, :count], columns[:, :count]
    found = nn.functional.pad(links.antecedents, (1, 0), value=-1).gather(1, columns).tolist()
    rows = best.tolist(), probabilities.gather(1, columns).tolist()

    def of_span(span: int) -> list[RankedAntecedent]:
        return [
            RankedAntecedent(None if antecedent < 0 else places[antecedent], score, probability)
            for antecedent, score, probability in zip(
                found[span], rows[0][span], rows[1][span], strict=True
            )
            if score > -math.inf
        ]

    return of_span


def _either(asked: float | None, default: float | None) -> float | None:
    return default if asked is None else asked
