"""Whether a label can be the one for no relation."""

from __future__ import annotations

import re

import pytest

from spanbert_allen.formats.relation.negative_label import negative_label_problem


@pytest.mark.parametrize(
    ("counts", "negative", "sentence"),
    [
        ({"NA": 6, "a": 2}, "no_relation", "no example has the label no_relation, .*; 6 of 8"),
        ({"a": 5, "b": 3}, "no_relation", "no example has .*; 5 of 8 examples have the label a"),
        ({"n/a": 3, "no_relation": 1, "a": 9}, "no_relation", "3 of 13 .* label n/a, and 1 have"),
        ({"a": 9, "no_relation": 1}, "no_relation", "9 of 10 examples have the label a"),
    ],
)
def test_what_speaks_against_it(counts, negative, sentence):
    problem = negative_label_problem(counts, negative)
    assert problem is not None
    assert re.match(sentence, problem)


@pytest.mark.parametrize(
    ("counts", "negative"),
    [
        ({"no_relation": 5, "a": 3}, "no_relation"),
        ({"no_relation": 3, "a": 4, "b": 4}, "no_relation"),
        ({"a": 3, "b": 1}, None),
        ({}, "no_relation"),
        ({"Other": 3, "a": 9, "b": 8}, "Other"),
    ],
)
def test_nothing_speaks_against_it(counts, negative):
    assert negative_label_problem(counts, negative) is None
