"""Benchmarks are programs beside each other: their folder is where they find one another."""

from __future__ import annotations

import pytest

from tests.places import ROOT


@pytest.fixture(autouse=True)
def _among_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
