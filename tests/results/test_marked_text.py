"""Mentions in a text as openings and closings, however they lie."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.results.marked_text import marked, mentions_of


def marks(spans, length):
    mentions = mentions_of([[{"start": start, "end": end}] for start, end in spans])
    return list(marked("x" * length, mentions))


def crossing(size):
    """Mentions in one another, and where each of them ends a longer one begins."""
    ending = [(place, 2 * size - place) for place in range(size)]
    return ending + [(place, 2 * size + place) for place in range(size + 1, 2 * size + 1)]


def test_too_many_mentions_that_cross_one_another_are_refused_and_ordinary_ones_are_not():
    with pytest.raises(DataError, match="too many of its 600 mentions begin inside others"):
        marks(crossing(300), 1300)
    few = marks(crossing(20), 100)
    assert sum(mark.kind == "close" for mark in few) == 40 + 19 * 20 // 2
    each_the_next = marks([(2 * place, 2 * place + 3) for place in range(3000)], 6001)
    assert sum(mark.kind == "close" for mark in each_the_next) == 3000 + 2999
    nested = marks([(place, 6000 - place) for place in range(3000)], 6000)
    assert [mark.kind for mark in nested if mark.kind != "text"] == ["open"] * 3000 + [
        "close"
    ] * 3000
