"""`tests/training/recovery/test_recover.py` kills runs that are writing it."""

from __future__ import annotations

import json

import pytest
from allennlp.common import Params

import spanbert_allen.plugin  # noqa: F401


def test_a_failure_leaves_the_file_of_before(tmp_path):
    path = tmp_path / "config.json"
    Params({"a": {"b": [1, "\u00e9"]}}).to_file(str(path))
    with pytest.raises(TypeError, match="not JSON serializable"):
        Params({"a": 1, "b": object()}).to_file(str(path))
    assert Params.from_file(str(path)).as_dict() == {"a": {"b": [1, "\u00e9"]}}
    assert [one.name for one in tmp_path.iterdir()] == ["config.json"]


def test_keys_are_in_the_order_asked_for(tmp_path):
    Params({"a": 1, "b": 2, "c": 3}).to_file(str(tmp_path / "x.json"), [["c", "a"], ["b"]])
    assert list(json.loads((tmp_path / "x.json").read_text())) == ["c", "a", "b"]
