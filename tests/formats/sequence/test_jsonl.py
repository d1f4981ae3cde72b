from __future__ import annotations

import json

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.sequence.jsonl import read_text_pairs
from spanbert_allen.formats.sequence.text_pair import TextPair


def write(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_records(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        {"id": 7, "text": "A lamp.", "text_pair": "A light.", "label": "same"},
        {"id": None, "text": "", "label": 0},
        {"text": "A tram.", "text_pair": None, "label": 2.5, "anything": "else"},
        {"text": "A tram.", "label": ["x", 3]},
    )
    assert list(read_text_pairs(path)) == [
        TextPair(id="7", text="A lamp.", text_pair="A light.", label="same", place=f"{path}:1"),
        TextPair(id="a:2", text="", label=0, place=f"{path}:2"),
        TextPair(id="a:3", text="A tram.", label=2.5, place=f"{path}:3"),
        TextPair(id="a:4", text="A tram.", label=("x", "3"), place=f"{path}:4"),
    ]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({}, r":1: `text` is None; it must be a string"),
        ({"text": ["a"]}, r":1: `text` is \['a'\]"),
        ({"text": "a", "text_pair": 1}, r"`text_pair` is 1; it must be a string, or left out"),
        ({"text": "a", "label": True}, r"`label` is True; it must be a string, a number, or"),
        ({"text": "a", "label": float("inf")}, r"`label` is inf"),
        ({"text": "a", "label": 10**400}, r"`label` is 1000"),
        ({"text": "a", "label": ["x", 3.5]}, r"`label` has the name 3.5; .* or a whole number"),
        ({"text": "a", "label": ["x", True]}, r"`label` has the name True"),
        ({"text": "a", "label": ["3", 3]}, r"give each name once"),
        ({"text": "a", "label": ["x", "x"]}, r"give each name once"),
        ({"text": "a", "label": "x\ty"}, r"in one line without tabs"),
        ({"text": "a", "id": "x\ty"}, r"`id` is 'x"),
        ({"text": "a", "id": 1.5}, r"`id` is 1.5"),
        (["a"], r":1: a JSON list, not an object"),
    ],
)
def test_bad_records(tmp_path, record, problem):
    path = write(tmp_path / "a.jsonl", record, {"text": "good"})
    with pytest.raises(DataError, match=problem):
        list(read_text_pairs(path))
    problems: list[DataError] = []
    assert [pair.text for pair in read_text_pairs(path, on_problem=problems.append)] == ["good"]
    assert len(problems) == 1


def test_an_empty_file(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n")
    with pytest.raises(DataError, match=r"a\.jsonl: the file is empty; it must hold one JSON"):
        list(read_text_pairs(path))
