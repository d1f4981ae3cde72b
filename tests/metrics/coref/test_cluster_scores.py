"""
The official cases are the clusters of the reference scorer's own test files, with what its version
8.01 computes on them: numerator and denominator of recall, then of precision (for BLANC, whose
totals it prints as fractions only, over 1).
"""

import json
import random
import subprocess
import sys
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.metrics import (
    ClusterScores,
    Score,
    align,
    b_cubed,
    blanc,
    ceafe,
    ceafm,
    lea,
    muc,
    score_clusters,
    score_corpus,
)
from tests import places

CASES_FILE = places.FIXTURES / "metrics" / "official_scorer_cases.json"
CASES = json.loads(CASES_FILE.read_text(encoding="utf-8"))
OFFICIAL_NAMES = {
    "muc": "muc",
    "bcub": "b_cubed",
    "ceafm": "ceafm",
    "ceafe": "ceafe",
    "blanc": "blanc",
}
METRICS = ("muc", "b_cubed", "ceafm", "ceafe", "blanc", "lea")


def mentions(clusters: list[list[list[int]]]) -> list[list[tuple[int, ...]]]:
    return [[tuple(mention) for mention in cluster] for cluster in clusters]


# A clustering of some of nine mentions: each draws the number of its cluster, or none.
labels = st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=9, max_size=9)
clusterings = labels.map(
    lambda numbers: [
        [mention for mention, number in enumerate(numbers) if number == wanted]
        for wanted in sorted({number for number in numbers if number is not None})
    ]
)


def test_there_are_36_official_cases() -> None:
    assert len(CASES) == 36
    assert {metric for case in CASES for metric in case["expected"]} == set(OFFICIAL_NAMES)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
@pytest.mark.parametrize("official_name", OFFICIAL_NAMES)
def test_official_cases(case: dict, official_name: str) -> None:
    scores = score_clusters(mentions(case["key"]), mentions(case["response"]))
    score = getattr(scores, OFFICIAL_NAMES[official_name])
    counts = [score.recall, 1, score.precision, 1] if official_name == "blanc" else list(score)
    assert counts == pytest.approx(case["expected"][official_name], abs=1e-12)


def test_official_cases_add_up_over_documents() -> None:
    total = score_corpus((mentions(c["key"]), mentions(c["response"])) for c in CASES)
    for official_name in ("muc", "bcub", "ceafm", "ceafe"):
        counts = [case["expected"][official_name] for case in CASES]
        sums = [sum(column) for column in zip(*counts, strict=True)]
        assert list(getattr(total, OFFICIAL_NAMES[official_name])) == pytest.approx(sums)


KEY = [[(0, 1), (4, 4), (8, 9)], [(2, 3), (6, 6)]]
RESPONSE = [[(0, 1), (4, 4)], [(2, 3), (6, 6), (8, 9)], [(11, 11), (12, 12)]]
KEY_SINGLETONS = [[(14, 14)], [(15, 16)]]
RESPONSE_SINGLETONS = [[(14, 14)], [(17, 17)]]


def test_counts_of_the_vector_without_singletons() -> None:
    scores = score_clusters(KEY, RESPONSE)
    assert list(scores.muc) == [2, 3, 2, 4]
    assert list(scores.b_cubed) == pytest.approx([11 / 3, 5, 11 / 3, 7])
    assert list(scores.ceafe) == pytest.approx([1.6, 2, 1.6, 3])
    f1s = [100 * score.f1 for score in (scores.muc, scores.b_cubed, scores.ceafe)]
    assert f1s == pytest.approx([57.1428, 61.1111, 64.0], abs=1e-3)
    assert scores.conll_f1 == pytest.approx(sum(f1s) / 300)
    assert scores.conll_recall == pytest.approx((2 / 3 + 11 / 15 + 0.8) / 3)
    assert scores.conll_precision == pytest.approx((2 / 4 + 11 / 21 + 1.6 / 3) / 3)


@pytest.mark.parametrize(
    ("response_singletons", "b_cubed_f1", "ceafe_f1"),
    [([], 52.38095, 45.71428), (RESPONSE_SINGLETONS, 58.33333, 57.77777)],
)
def test_singletons_kept_or_removed(
    response_singletons: list, b_cubed_f1: float, ceafe_f1: float
) -> None:
    key, response = KEY + KEY_SINGLETONS, RESPONSE + response_singletons
    kept = score_clusters(key, response)
    assert 100 * kept.muc.f1 == pytest.approx(57.1428, abs=1e-3)
    assert 100 * kept.b_cubed.f1 == pytest.approx(b_cubed_f1, abs=1e-4)
    assert 100 * kept.ceafe.f1 == pytest.approx(ceafe_f1, abs=1e-4)
    removed = score_clusters(key, response, keep_singletons=False)
    assert removed == score_clusters(KEY, RESPONSE)


def test_singletons_found_are_a_perfect_response() -> None:
    key = KEY + KEY_SINGLETONS
    scores = score_clusters(key, key)
    assert scores.ceafe.f1 == scores.b_cubed.f1 == scores.conll_f1 == 1.0


def test_a_repeated_mention_is_dropped_where_it_occurs_again() -> None:
    response = [["a", "b", "b"], ["c", "a", "d"], ["a"]]
    assert align([["a"]], response).response_sizes == [2, 2]
    assert align([["d", "c"]], response).overlaps == {(0, 1): 2}


def test_a_cluster_left_with_one_mention_is_a_singleton() -> None:
    response = [["a", "b"], ["a", "c"]]
    assert align([], response).response_sizes == [2, 1]
    assert align([], response, keep_singletons=False).response_sizes == [2]


def test_lea_of_the_example_in_its_paper() -> None:
    # Recall: (3 * 1/3 + 4 * 1/6) / 7; precision: (2 * 1/1 + 2 * 0/1 + 4 * 1/6) / 8.
    score = lea(align(["abc", "defg"], ["ab", "cd", "fghi"]))
    assert list(score) == pytest.approx([5 / 3, 7, 8 / 3, 8])


@pytest.mark.parametrize(
    ("key", "response", "counts"),
    [
        (["a", "bc"], ["a", "bc"], [3, 3, 3, 3]),
        (["a", "bc"], ["abc"], [2, 3, 1, 3]),  # a's link to itself is not in the response
        (["abc"], ["a", "b", "c"], [0, 3, 0, 3]),
        (["a"], ["b"], [0, 1, 0, 1]),
        (["abcd"], ["ab", "cd"], [4 * 2 / 6, 4, 4, 4]),
    ],
)
def test_lea_by_hand(key: list[str], response: list[str], counts: list[float]) -> None:
    assert list(lea(align(key, response))) == pytest.approx(counts)


def test_blanc_f1_is_the_mean_of_both_kinds_of_links() -> None:
    # a-b is found, and of the links that are none, a-d and b-d.
    score = blanc(align(["abc", "de"], ["ab", "cd"]))
    assert list(score) == [1, 4, 1, 2, 2, 6, 2, 4]
    assert score.recall == pytest.approx((1 / 4 + 2 / 6) / 2)
    assert score.f1 == pytest.approx((1 / 3 + 2 / 5) / 2)


@pytest.mark.parametrize(("key", "response"), [([], []), ([], ["ab"]), (["ab"], [])])
def test_nothing_on_a_side_scores_zero(key: list[str], response: list[str]) -> None:
    scores = score_clusters(key, response)
    for metric in METRICS:
        score = getattr(scores, metric)
        assert (score.recall, score.precision, score.f1) == (0, 0, 0)


def test_numbers_make_the_same_scores_again() -> None:
    scores = score_clusters(KEY, RESPONSE)
    assert len(list(scores)) == 28
    assert ClusterScores.from_numbers(list(scores)) == scores


def test_scores_add() -> None:
    assert Score(1, 2, 3, 4) + Score(10, 20, 30, 40) == Score(11, 22, 33, 44)
    twice = score_clusters(KEY, RESPONSE) + score_clusters(KEY, RESPONSE)
    assert list(twice.lea) == [2 * count for count in score_clusters(KEY, RESPONSE).lea]
    assert list(twice.blanc) == [2 * count for count in score_clusters(KEY, RESPONSE).blanc]


@given(key=clusterings)
def test_a_perfect_response_scores_one(key: list[list[int]]) -> None:
    scores = score_clusters(key, key)
    for metric in METRICS:
        score = getattr(scores, metric)
        parts = [score.coreference, score.non_coreference] if metric == "blanc" else [score]
        expected = 1.0 if any(part.recall_denominator for part in parts) else 0.0
        assert (score.recall, score.precision, score.f1) == (expected, expected, expected)


@given(key=clusterings, response=clusterings, keep_singletons=st.booleans())
def test_exchanging_the_roles_exchanges_recall_and_precision(
    key: list[list[int]], response: list[list[int]], keep_singletons: bool
) -> None:
    one_way = list(score_clusters(key, response, keep_singletons=keep_singletons))
    other_way = list(score_clusters(response, key, keep_singletons=keep_singletons))
    for start in range(0, len(one_way), 4):
        recall, precision = one_way[start : start + 2], one_way[start + 2 : start + 4]
        assert other_way[start : start + 4] == pytest.approx(precision + recall)


@given(key=clusterings, response=clusterings, seed=st.integers(0, 1000))
def test_order_of_clusters_and_mentions_does_not_matter(
    key: list[list[int]], response: list[list[int]], seed: int
) -> None:
    dice = random.Random(seed)

    def shuffled(clusters: list[list[int]]) -> list[list[int]]:
        return dice.sample([dice.sample(c, len(c)) for c in clusters], len(clusters))

    expected = list(score_clusters(key, response))
    assert list(score_clusters(shuffled(key), shuffled(response))) == pytest.approx(expected)


@settings(max_examples=60)
@given(key=clusterings, response=clusterings)
def test_ceaf_against_every_matching(key: list[list[int]], response: list[list[int]]) -> None:
    few, many = sorted((key, response), key=len)

    def best(similarity) -> float:
        matchings = permutations(many, len(few))
        return max(
            sum(similarity(set(a), set(b)) for a, b in zip(few, matching, strict=True))
            for matching in matchings
        )

    alignment = align(key, response)
    assert ceafm(alignment).recall_numerator == best(lambda a, b: len(a & b))
    assert ceafe(alignment).precision_numerator == pytest.approx(
        best(lambda a, b: 2 * len(a & b) / (len(a) + len(b)))
    )


def parts_of(cluster: list[int], others: list[list[int]]) -> int:
    owners = [next((j for j, o in enumerate(others) if m in o), -1 - m) for m in cluster]
    return len(set(owners))


def links_of(clusters: list[list[int]]) -> tuple[set, set]:
    everything = sorted(m for cluster in clusters for m in cluster)
    links = {pair for cluster in clusters for pair in combinations(sorted(cluster), 2)}
    return links, set(combinations(everything, 2)) - links


@given(key=clusterings, response=clusterings)
def test_the_other_scores_against_their_plain_formulas(
    key: list[list[int]], response: list[list[int]]
) -> None:
    alignment = align(key, response)

    assert muc(alignment).recall_numerator == sum(len(c) - parts_of(c, response) for c in key)
    assert muc(alignment).precision_numerator == sum(len(c) - parts_of(c, key) for c in response)

    shares = [len(set(c) & set(o)) / len(c) for c in key for m in c for o in response if m in o]
    assert b_cubed(alignment).recall_numerator == pytest.approx(sum(shares))

    links, non_links = links_of(key)
    other_links, other_non_links = links_of(response)
    assert list(blanc(alignment).coreference) == [
        len(links & other_links),
        len(links),
        len(links & other_links),
        len(other_links),
    ]
    assert blanc(alignment).non_coreference.recall_numerator == len(non_links & other_non_links)
    assert blanc(alignment).non_coreference.precision_denominator == len(other_non_links)

    resolved = sum(
        len(c) * len(set(combinations(sorted(c), 2)) & other_links) / (len(c) * (len(c) - 1) / 2)
        for c in key
        if len(c) > 1
    ) + sum(len(c) == 1 and c in response for c in key)
    assert lea(alignment).recall_numerator == pytest.approx(resolved)


def test_thousands_of_clusters_are_matched_in_little_time_and_memory() -> None:
    # A matrix of 40,000 x 40,000 would take 12.8 GB.
    key = [[2 * i, 2 * i + 1] for i in range(40_000)]
    response = [[2 * i, 2 * i + 1, -i - 1] for i in range(40_000)]
    assert ceafe(align(key, response)).recall_numerator == pytest.approx(40_000 * 4 / 5)


def test_scoring_imports_no_torch() -> None:
    code = "import sys, spanbert_allen.metrics; sys.exit('torch' in sys.modules)"
    root = places.ROOT
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_key_with_a_mention_in_two_clusters_as_the_official_scorer() -> None:
    # Scorer 8.01 keeps the mention in both key clusters, and looks it up in the later one.
    key = [["Ann", "her"], ["Ann", "cat", "it"]]
    scores = score_clusters(key, [["Ann", "her"], ["cat", "it"]])
    assert list(scores.muc) == [1, 3, 1, 2]
    assert list(scores.b_cubed) == pytest.approx([8 / 3, 5, 3.5, 4])
    assert list(scores.ceafe) == pytest.approx([1.8, 2, 1.8, 2])
    assert [100 * one.f1 for one in (scores.muc, scores.b_cubed, scores.ceafe)] == pytest.approx(
        [40, 66.272189, 90]
    )
