"""How many kernels for products a training lets torch keep."""

from __future__ import annotations

import os

import pytest

from tests.training.loop.test_trainer import train

OURS, THEIRS = "LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"


@pytest.fixture
def environment(monkeypatch):
    for name in (OURS, THEIRS):
        monkeypatch.setenv(name, "")  # so that whatever was there is put back
        monkeypatch.delenv(name)
    return monkeypatch


def test_a_training_keeps_few_kernels(tmp_path, environment):
    train(tmp_path)
    assert os.environ[OURS] == os.environ[THEIRS] == "64"


def test_a_user_may_keep_more(tmp_path, environment):
    environment.setenv(THEIRS, "900")
    train(tmp_path)
    assert (os.environ[OURS], os.environ[THEIRS]) == ("64", "900")
