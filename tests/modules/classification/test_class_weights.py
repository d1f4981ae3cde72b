"""Weights of classes: given, or counted."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.classification.class_weights import weights_of_classes


def test_weights_that_are_given_and_counted():
    labels = ["a", "b", "c"]
    assert weights_of_classes({"b": 3}, labels).tolist() == [1, 3, 1]
    balanced = weights_of_classes("balanced", labels, {"a": 6, "b": 2, "c": 1})
    assert balanced.tolist() == pytest.approx([0.5, 1.5, 3.0])  # three examples a class
    for unknown in (None, {}, {"d": 4}):  # an empty one if labels and markers are given
        assert weights_of_classes("balanced", labels, unknown).isnan().all()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("balance", "'balance' is unknown; give numbers by label, or 'balanced'"),
        ({"x": 1.0}, "'x': 1.0 is not a weight of one of the labels a, b"),
        ({"a": -1.0}, "'a': -1.0 is not a weight"),
    ],
)
def test_weights_that_cannot_be(wanted, sentence):
    with pytest.raises(ConfigError, match=sentence):
        weights_of_classes(wanted, ["a", "b"])
