"""One JSON array, an item at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common import json_array
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.json_array import array_items

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('"\\[]{},é\n😀'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("k,]"), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arrays")


@given(st.lists(VALUES), st.integers(1, 9), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_items_are_those_of_json(folder, values, chunk, indent, is_ascii):
    """Whatever part of the file is read at once."""
    path = folder / "x.json"
    path.write_text(json.dumps(values, indent=indent, ensure_ascii=is_ascii), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "_CHUNK", chunk)
        assert [item.value for item in array_items(path)] == values


def test_a_bad_item_is_the_only_one_lost_and_has_its_line(folder):
    path = folder / "bad.json"
    path.write_text('[{"a": "]"},\n\n {"a" 1, "b": [2]}, x,\n3]')
    items = list(array_items(path))
    assert [item.line for item in items] == [1, 3, 3, 4]
    assert [item.value for item in items] == [{"a": "]"}, None, None, 3]
    assert [item.problem is None for item in items] == [True, False, False, True]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", r"x.json:1: .*broken after example 0 \(an array begins with \["),
        ('[1,\n"a', "x.json:2: .*broken after example 1 .an item has no end"),
        ("[1, 2", "broken after example 2 .a comma or the closing bracket is missing"),
        ("[1] 2", "broken after example 1 .more follows"),
        (b"[1, \xff]", "not UTF-8 text"),
    ],
)
def test_what_is_no_array(folder, content, sentence):
    path = folder / "x.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError, match=sentence):
        list(array_items(path))


@given(
    st.dictionaries(st.sampled_from(["version", "a", "data"]), VALUES, max_size=3),
    st.lists(VALUES),
    st.integers(1, 9),
    st.sampled_from([None, 1]),
)
@settings(max_examples=60, deadline=None)
def test_items_under_a_key_of_an_object(folder, others, values, chunk, indent):
    """A value of that key that is no array has no items."""
    path = folder / "x.json"
    for content in ({**others, "data": values}, {"data": values, "z": others}, others):
        path.write_text(json.dumps(content, indent=indent), encoding="utf-8")
        wanted = content.get("data")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_array, "_CHUNK", chunk)
            found = [item.value for item in array_items(path, key="data")]
        assert found == (wanted if isinstance(wanted, list) else [])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[]", "x.json:1: not one JSON object: broken after item 0 .an object begins with {.; ask"),
        ('{"data": [1, 2]', "after item 2 .a comma or the closing bracket is missing"),
        ('{"data": [1, {"a": 2', "after item 1 .an item has no end"),
        ("{3: [1, 2]}", "after item 0 .a key and a colon are missing"),
        ('{"data": [1]} {}', "after item 1 .more follows"),
    ],
)
def test_what_is_no_object(folder, content, sentence):
    path = folder / "x.json"
    path.write_text(content)
    with pytest.raises(DataError, match=sentence):
        list(array_items(path, key="data", noun="item", advice="ask"))
