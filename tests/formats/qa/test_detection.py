"""The layout of a file by its first keys."""

import gzip

import pytest

from spanbert_allen.formats.qa.detection import qa_layout
from tests import places

FIXTURES = places.FIXTURES / "qa"


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ('{"data": []}', "squad"),
        ('{"version": "1.1", "data": []}', "squad"),
        ('\n {"header": {}}\n{"context": 1}', "mrqa"),
        ('{"question": "a", "context": "b"}\n{"question": "a", "context": "b"}', "records"),
        ('{"title": "x", "data": []}', "squad"),
        ('{"title": "x", "data": "y"}', "records"),
        ('[{"question": "a"}]', "array"),
        ("\n\n[\n", "array"),
        ("", "records"),
        ('"data"', "records"),
        ("no JSON", "records"),
    ],
)
def test_layouts(tmp_path, text, layout):
    (tmp_path / "some.json").write_text(text)
    (tmp_path / "some.json.gz").write_bytes(gzip.compress(text.encode()))
    assert qa_layout(tmp_path / "some.json") == qa_layout(tmp_path / "some.json.gz") == layout


def test_fixtures_and_standard_input():
    assert qa_layout(FIXTURES / "squad.json") == "squad"
    assert qa_layout(FIXTURES / "mrqa.jsonl") == "mrqa"
    assert qa_layout("-") == "records"
