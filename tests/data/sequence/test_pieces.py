"""Texts and pairs cut as the original cuts them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.data.pieces import SpecialPieces
from spanbert_allen.data.sequence.pieces import kept_of_pair, pair_columns

SPECIAL = SpecialPieces(cls=101, sep=102)
PIECES = st.lists(st.integers(200, 900), max_size=30)


def naive_pair(first: list[int], second: list[int], room: int) -> tuple[list[int], list[int]]:
    """Specification 5, word for word: the last of the longer goes, on a tie that of B."""
    first, second = list(first), list(second)
    while len(first) + len(second) > room:
        (first if len(first) > len(second) else second).pop()
    return first, second


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 80))
def test_the_longer_one_is_cut(num_first, num_second, room):
    kept = naive_pair([0] * num_first, [0] * num_second, room)
    assert kept_of_pair(num_first, num_second, room) == (len(kept[0]), len(kept[1]))


def test_golden_lengths():
    assert kept_of_pair(5, 3, 8) == (5, 3)
    assert kept_of_pair(5, 3, 7) == (4, 3)
    assert kept_of_pair(4, 4, 7) == (4, 3)  # a tie: B
    assert kept_of_pair(3, 10, 6) == (3, 3)
    assert kept_of_pair(10, 3, 5) == (3, 2)
    assert kept_of_pair(100, 1, 20) == (19, 1)


def columns(first, second, **options):
    return {
        name: one.tolist() for name, one in pair_columns(first, second, SPECIAL, **options).items()
    }


def test_a_pair():
    assert columns([7, 8], [9], max_length=8) == {
        "token_ids": [101, 7, 8, 102, 9, 102],
        "segment_ids": [0] * 6,
        "type_ids": [0, 0, 0, 0, 1, 1],
    }


def test_a_single_text():
    assert columns([7, 8, 9], [], max_length=4) == {
        "token_ids": [101, 7, 8, 102],
        "segment_ids": [0] * 4,
        "type_ids": [0] * 4,
    }
    assert columns([], [], max_length=8)["token_ids"] == [101, 102]


def test_a_fixed_length():
    made = columns([7], [9], max_length=8, fixed_length=True)
    assert made["token_ids"] == [101, 7, 102, 9, 102, 0, 0, 0]
    assert made["type_ids"] == [0, 0, 0, 1, 1, 0, 0, 0]
    assert made["attended"] == [True] * 5 + [False] * 3


@settings(deadline=None)
@given(PIECES, PIECES, st.integers(8, 40))
def test_every_sequence(first, second, max_length):
    made = columns(first, second, max_length=max_length)
    if second:
        a, b = naive_pair(first, second, max_length - 3)
        expected = [101, *a, 102, *b, 102]
        types = [0] * (len(a) + 2) + [1] * (len(b) + 1)
    else:
        expected = [101, *first[: max_length - 2], 102]
        types = [0] * len(expected)
    assert (made["token_ids"], made["type_ids"]) == (expected, types)
    padded = columns(first, second, max_length=max_length, fixed_length=True)
    assert padded["token_ids"] == expected + [0] * (max_length - len(expected))
    assert sum(padded["attended"]) == len(expected)
