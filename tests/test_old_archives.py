"""
Archives made by version 0.1, before files moved, load and predict what they did.

They hold registered names, settings and state dicts of each task, so a renamed one is seen here.
"""

from __future__ import annotations

import json

import pytest

import spanbert_allen
from tests import places

ARCHIVES = places.FIXTURES / "archives"
EXPECTED = json.loads((ARCHIVES / "expected.json").read_text(encoding="utf-8"))


def assert_same(result, expected):
    """Compare what was expected, key by key: results may have gained keys since."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert_same(result[key], value)
    elif isinstance(expected, list):
        assert len(result) == len(expected)
        for one, other in zip(result, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float):
        assert result == pytest.approx(expected, rel=1e-3, abs=2e-4)
    else:
        assert result == expected


@pytest.mark.parametrize("name", EXPECTED)
def test_an_archive_of_version_0_1_predicts_the_same(name):
    call = EXPECTED[name]
    model = spanbert_allen.load(ARCHIVES / f"{name}.tar.gz")
    assert_same(model.predict(*call["arguments"], **call["options"]), call["result"])
