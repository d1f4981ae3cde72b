"""Results that are the same up to the last digits of their scores."""

from __future__ import annotations

import pytest


def assert_alike(one, other):
    """Check that two results differ in nothing but the last digits of scores."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        assert len(one) == len(other)
        for inner, theirs in zip(one, other, strict=True):
            assert_alike(inner, theirs)
    else:
        assert one == (pytest.approx(other, abs=1e-4) if isinstance(one, float) else other)
