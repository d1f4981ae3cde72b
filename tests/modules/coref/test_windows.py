"""The head in windows against the head on the whole document."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from allennlp.common import Lazy, Params
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.decoder import CorefDecoding, decode
from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates, enumerate_candidates
from spanbert_allen.modules.coref.refinements import AttendedAntecedent, ClusterMerging
from spanbert_allen.modules.coref.remembered_mentions import RememberedMentions
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows, window_bounds
from tests.modules.coref.heads import head_of

DIM, WIDTH = 6, 4
VARIANTS = {
    "as published": {},
    "refined": {"refinement": Lazy(AttendedAntecedent)},
    "cluster merging": {
        "refinement": Lazy(ClusterMerging, hidden_dim=7, feature_size=3, train_both=True)
    },
    "light": {"links": Lazy(BilinearAntecedents)},
    "light, head words, fine scores": {
        "links": Lazy(BilinearAntecedents, constructor_extras={"head_word": True, "fine_dim": 3})
    },
    "few antecedents": {"max_antecedents": 3},
}


def make_head(**options) -> CorefHead:
    torch.manual_seed(5)
    sizes = {"max_span_width": WIDTH, "hidden_dim": 9, "feature_size": 3, "num_genres": 3}
    head = head_of(DIM, **{**sizes, "kept_per_unit": 0.8, **options}).double().eval()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.4)
    return head


def make_document(sentence_lengths: list[int], *, masks: bool = True) -> DocumentUnits:
    torch.manual_seed(sum(sentence_lengths))
    lengths = torch.tensor(sentence_lengths, dtype=torch.long)
    num_units = int(lengths.sum())
    ids = torch.arange(len(lengths)).repeat_interleave(lengths) + 3
    new_word = torch.rand(num_units) < 0.8
    return DocumentUnits(
        vectors=torch.randn(num_units, DIM, dtype=torch.float64),
        sentence_ids=ids,
        segment_ids=torch.arange(num_units) // 9,
        speaker_ids=torch.arange(num_units) // 7 % 3,
        may_start=new_word if masks else None,
        may_end=new_word.roll(-1) if masks else None,
        genre_id=1,
    )


def spans_of(found: SpanCandidates) -> list[tuple[int, int]]:
    return list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))


def links_of(links: ScoredLinks) -> dict:
    """Span to antecedent to score."""
    spans = spans_of(links.spans)
    return {
        span: {
            spans[antecedent]: score
            for antecedent, score in zip(antecedents, scores, strict=True)
            if score > float("-inf")
        }
        for span, antecedents, scores in zip(
            spans, links.antecedents.tolist(), links.scores.tolist(), strict=True
        )
    }


layouts = st.lists(st.integers(1, 12), max_size=12)
sizes = st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1)))


@given(layouts, sizes)
def test_windows_hold_everything(lengths, size):
    length, overlap = size
    ids = make_document(lengths).sentence_ids
    bounds = list(window_bounds(ids, CorefWindows(length=length, overlap=overlap)))
    edges = {0, len(ids), *(i for i in range(1, len(ids)) if ids[i] != ids[i - 1])}
    assert bounds[0][:2] == (0, 0)
    assert bounds[-1].end == len(ids)
    for window in bounds:
        assert window.start <= window.new <= window.end <= window.start + length
    for before, window in pairwise(bounds):
        assert window.new == before.end < window.end
        assert before.end - overlap <= window.start
        # It begins and ends with sentences where there are any to begin and end with.
        between = [edge for edge in edges if before.end - overlap <= edge < before.end]
        assert window.start == min(between, default=before.end - overlap)
        within = [edge for edge in edges if window.new < edge <= window.start + length]
        assert window.end == max(within, default=min(window.start + length, len(ids)))


@given(layouts.filter(sum), sizes, st.data())
def test_each_given_span_is_whole_in_a_window(lengths, size, data):
    """Also over the ends of sentences, without any overlap, and longer than a window."""
    length, overlap = size
    ids = make_document(lengths).sentence_ids
    unit = st.integers(0, len(ids) - 1)
    drawn = data.draw(st.sets(st.tuples(unit, unit).map(sorted).map(tuple), max_size=5))
    spans = SpanCandidates(*torch.tensor(sorted(drawn), dtype=torch.long).view(-1, 2).unbind(1))
    windows = CorefWindows(length=length, overlap=overlap)
    bounds = list(window_bounds(ids, windows, uncut=spans))
    for start, end in drawn:
        assert any(window.start <= start and end < window.end for window in bounds)
    assert bounds[-1].end == len(ids)
    for before, window in pairwise(bounds):
        assert window.new == before.end < window.end
    unparted = [end for end in range(len(ids) + 1) if not any(s < end <= e for s, e in drawn)]
    for window in bounds:
        within = [end for end in unparted if window.new < end <= window.start + length]
        assert window.end <= window.start + length or not within


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("lengths", [[5, 9, 1, 7, 8], [2], []])
def test_a_document_of_one_window_is_as_without(variant, masks, lengths):
    head, document = make_head(**VARIANTS[variant]), make_document(lengths, masks=masks)
    whole = head(document)
    windowed = score_in_windows(head, document, CorefWindows(length=100, overlap=10))
    for name in ("spans", "candidates"):
        assert spans_of(getattr(windowed, name)) == spans_of(getattr(whole, name))
    assert links_of(windowed) == links_of(whole)
    assert torch.equal(windowed.mention_scores, whole.mention_scores)
    assert torch.equal(windowed.candidate_scores, whole.candidate_scores)
    if whole.also_trained is not None:
        assert torch.equal(windowed.also_trained, whole.also_trained)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 30), max_size=6), st.integers(WIDTH + 1, 30), st.integers(0, 5))
def test_windows_consider_what_the_whole_considers(lengths, length, remembered):
    """Also where a sentence is longer than a window, if the overlap is as long as a span."""
    head, document = make_head(max_kept=5), make_document(lengths)
    windows = CorefWindows(length=length, overlap=WIDTH, remembered=remembered)
    found = score_in_windows(head, document, windows)
    expected = enumerate_candidates(
        document.sentence_ids, WIDTH, may_start=document.may_start, may_end=document.may_end
    )
    assert spans_of(found.candidates) == spans_of(expected)
    if len(expected.starts):
        scores = head.mention_scorer(document.vectors, expected, head.span_representation)
        assert torch.allclose(found.candidate_scores, scores)
    spans = spans_of(found.spans)
    assert spans == sorted(set(spans))
    for span, antecedents in links_of(found).items():
        assert all(antecedent < span for antecedent in antecedents)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_span_is_linked_in_the_first_window_that_holds_it(variant):
    head, document = make_head(**VARIANTS[variant]), make_document([5, 9, 4, 7, 8, 3, 40, 6, 11])
    windows = CorefWindows(length=24, overlap=9, remembered=0)
    expected: dict = {}
    for start, new, end in window_bounds(document.sentence_ids, windows):
        part = DocumentUnits(
            *(field[start:end] if isinstance(field, torch.Tensor) else field for field in document)
        )
        moved = {
            (s + start, e + start): {(a + start, b + start): x for (a, b), x in links.items()}
            for (s, e), links in links_of(head(part)).items()
        }
        kept = {span for span in moved if span[1] >= new} | expected.keys()
        for span, links in moved.items():
            if span[1] >= new:
                expected[span] = {other: x for other, x in links.items() if other in kept}
    found = links_of(score_in_windows(head, document, windows))
    assert found.keys() == expected.keys()
    for span, links in found.items():
        assert links == pytest.approx(expected[span])


class NameHead:
    """
    Every unit whose number is not 0 is a mention, and all of one number corefer, with this score.
    """

    def __init__(self, score: float = 1.0):
        self.score = score

    def __call__(self, document: DocumentUnits) -> ScoredLinks:
        names = document.vectors[:, 0]
        places = names.nonzero().squeeze(1)
        if document.may_start is not None:
            places = places[document.may_start[places] & document.may_end[places]]
        same = names[places].unsqueeze(0) == names[places].unsqueeze(1)
        scores = torch.where(same.tril(-1), self.score, float("-inf"))
        spans = SpanCandidates(places, places)
        antecedents = torch.arange(len(places)).expand(len(places), -1)
        mention_scores = torch.ones(len(places))
        return ScoredLinks(spans, mention_scores, antecedents, scores, spans, mention_scores)


def named_document(names: list[int]) -> DocumentUnits:
    zeros = torch.zeros(len(names), dtype=torch.long)
    ids = torch.arange(len(names)) // 2
    vectors = torch.tensor(names, dtype=torch.float).unsqueeze(1)
    return DocumentUnits(vectors, ids, zeros, zeros)


def chains(names: list[int], windows: CorefWindows) -> list[list[int]]:
    links = score_in_windows(NameHead(), named_document(names), windows)
    clusters = decode(links, torch.arange(len(names))).clusters
    return sorted([mention.start for mention in cluster] for cluster in clusters)


FAR = [7, 7, 0, 1, 1, 0, 2, 2, 0, 3, 3, 0, 4, 4, 0, 7, 0, 7]


def test_far_mentions_are_linked_to_what_is_remembered():
    short = {"length": 6, "overlap": 2}
    others = [[3, 4], [6, 7], [9, 10], [12, 13]]
    assert chains(FAR, CorefWindows(**short, remembered=9)) == sorted([[0, 1, 15, 17], *others])
    assert chains(FAR, CorefWindows(**short, remembered=0)) == sorted([[0, 1], [15, 17], *others])
    # With room for two, five clusters later the first is forgotten.
    assert chains(FAR, CorefWindows(**short, remembered=2)) == sorted([[0, 1], [15, 17], *others])


@pytest.mark.parametrize(
    ("score", "options", "remembered"),
    [
        (1.0, {}, [0]),  # one of a cluster
        (1.0, {"link_threshold": 2.0}, [0, 1]),  # two of none
        (-1.0, {}, [0, 1]),
        (-1.0, {"link_threshold": -2.0}, [0]),
        (-1.0, {"link_threshold": float("-inf")}, [0]),
    ],
)
def test_what_is_one_cluster_follows_the_threshold(score, options, remembered):
    windows = CorefWindows(length=6, overlap=2, remembered=20)
    links = score_in_windows(NameHead(score), named_document(FAR), windows, **options)
    assert [start for start, _ in links_of(links)[15, 15]] == remembered


@pytest.mark.parametrize(
    ("given_", "options", "remembered", "expected"),
    [
        ({}, {"remembered": 2}, [], [[0, 1], [15, 17]]),
        ({0: 0, 1: 0}, {"remembered": 2}, [0], [[0, 1, 15, 17]]),  # before all others
        ({1: 0}, {"remembered": 1}, [0], [[0, 1, 15, 17]]),
        ({0: 0, 1: 1}, {"remembered": 9}, [0, 1], [[0, 15, 17], [1]]),  # each of them
        ({0: 0, 1: 1}, {"remembered": 9, "join_given": True}, [0], [[0, 1, 15, 17]]),
    ],
)
def test_given_clusters_are_remembered_as_such(given_, options, remembered, expected):
    given_of = {(place, place): number for place, number in given_.items()}
    options = dict(options)
    windows = CorefWindows(length=6, overlap=2, remembered=options.pop("remembered"))
    head, document = NameHead(), named_document(FAR)
    links = score_in_windows(head, document, windows, given=given_of, **options)
    assert [start for start, _ in links_of(links)[15, 15]] == remembered
    numbers = [given_of.get(span, -1) for span in spans_of(links.spans)]
    decoding = CorefDecoding(join_given=options.get("join_given", False))
    clusters = decode(links, torch.arange(len(FAR)), decoding, given_clusters=numbers).clusters
    found = [[mention.start for mention in cluster] for cluster in clusters]
    assert [chain for chain in found if FAR[chain[0]] == 7] == expected


@given(
    st.lists(st.integers(0, 4), min_size=3, max_size=40),
    st.integers(3, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))),
    st.integers(0, 4),
)
def test_windows_only_split(names, size, remembered):
    windows = CorefWindows(length=size[0], overlap=size[1], remembered=remembered)
    found = chains(names, windows)
    whole = chains(names, CorefWindows(length=len(names), overlap=0))
    for chain in found:
        assert any(set(chain) <= set(entity) for entity in whole)
    if remembered == 4:  # room for all names there are
        assert sorted(map(set, found), key=min) == sorted(map(set, whole), key=min)
    # Neighbours of one name that the overlap holds both of are never parted.
    for entity in whole:
        for left, right in pairwise(entity):
            if right - left < size[1] - 1:
                assert any({left, right} <= set(chain) for chain in found)


def test_sizes_that_cannot_be():
    with pytest.raises(ConfigError, match="the overlap is 10 units and the length 10"):
        CorefWindows(length=10, overlap=10)
    with pytest.raises(ConfigError, match="remembered is -1"):
        CorefWindows(remembered=-1)
    with pytest.raises(ConfigError, match="the overlap is 0 units and the length 0"):
        CorefWindows(length=0)
    assert CorefWindows.from_params(Params({"length": 100})).overlap == 25


def remembered(limit: int, *mentions: tuple[int, float, int]) -> list[int]:
    """Of mentions of one unit each, told as unit, mention score and antecedent, which stay."""
    memory = RememberedMentions(limit)
    for unit, score, antecedent in mentions:
        memory.add([(unit, unit)], [score], [antecedent])
    memory.forget_before(100)
    return [start for start, _ in memory.mentions()]


@pytest.mark.parametrize(
    ("limit", "mentions", "units"),
    [
        (5, [(0, 1.0, -1), (1, 3.0, 0), (2, 2.0, 1)], [1]),  # the surest of a cluster
        (5, [(0, 1.0, -1), (1, 1.0, 0)], [0]),  # the first of equals
        (5, [(0, 0.5, -1), (1, -0.5, -1)], [0]),  # unlinked, likely a mention or not
        (5, [(0, -2.0, -1), (1, -1.0, 0)], [1]),  # linked, though not likely
        # Unlinked ones go first, the older before the newer; then the cluster seen least lately.
        (3, [(0, 1.0, -1), (1, 2.0, 0), (2, 9.0, -1), (3, 9.0, -1), (4, 9.0, -1)], [1, 3, 4]),
        (2, [(0, 2.0, -1), (1, 1.0, 0), (2, 9.0, -1), (3, 1.0, -1), (4, 2.0, 3)], [0, 4]),
        # A cluster forgotten in between is remembered by what came later.
        (1, [(0, 2.0, -1), (1, 2.0, -1), (2, 1.0, 1), (3, 1.0, 0)], [3]),
        (0, [(0, 1.0, -1), (1, 3.0, 0)], []),
    ],
)
def test_what_is_remembered(limit, mentions, units):
    assert remembered(limit, *mentions) == units


def test_a_given_mention_is_remembered_whatever_it_scores():
    memory = RememberedMentions(2)
    places = [(place, place) for place in range(5)]
    memory.add(places, [-3.0, -2.0, 1.0, 1.0, 1.0], [-1, -1, -1, -1, 3], [True, *[False] * 4])
    memory.forget_before(9)
    assert memory.mentions() == [(0, 0), (3, 3)]


def test_what_a_window_holds_is_not_remembered():
    memory = RememberedMentions(5)
    memory.add([(2, 4), (3, 3), (8, 9)], [1.0, 1.0, 1.0], [-1, -1, -1])
    memory.forget_before(4)
    assert memory.mentions() == [(3, 3)]  # (2, 4) reaches into the window
    # It is the same cluster when it goes on after its mention is gone.
    memory.add([(12, 12)], [2.0], [1])
    memory.forget_before(20)
    assert memory.mentions() == [(8, 9), (12, 12)]
