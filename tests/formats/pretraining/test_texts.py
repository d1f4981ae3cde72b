"""Raw text as documents and sentences."""

from __future__ import annotations

import gzip

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.pretraining.sentences import split_sentences
from spanbert_allen.formats.pretraining.texts import read_sentences


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("Ida left. She ran!", ["Ida left.", "She ran!"]),
        ('"Go." He went. "Why?" she said.', ['"Go."', "He went.", '"Why?" she said.']),
        ("Mr. J. Smith came at 5 p.m. on Monday.", ["Mr. J. Smith came at 5 p.m. on Monday."]),
        ("It cost 3.50 dollars. and that was all", ["It cost 3.50 dollars. and that was all"]),
        ("So it was I. Then he left.", ["So it was I.", "Then he left."]),
        ("Wait ... what? Yes (really). No", ["Wait ... what?", "Yes (really).", "No"]),
        ("  \n ", []),
    ],
)
def test_sentences_by_rule(paragraph, sentences):
    assert split_sentences(paragraph) == sentences


@pytest.mark.parametrize("closing", ["", "\n", "\n\n\n"])
def test_the_last_document_is_not_lost_without_an_empty_line(tmp_path, closing):
    path = tmp_path / "texts.txt"
    path.write_text(f"\n\none\ntwo\n\n\nthree{closing}", encoding="utf-8")
    assert list(read_sentences(path, "blank-lines")) == ["one", "two", None, "three", None]


def test_wrapped_lines_of_a_file(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("Ida lost\nher keys. She\nran.\n\nThe end.\n", encoding="utf-8")
    expected = ["Ida lost her keys.", "She ran.", "The end.", None]
    assert list(read_sentences(path, "files")) == expected


def test_a_paragraph_a_line(tmp_path):
    path = tmp_path / "book.txt.gz"
    path.write_bytes(gzip.compress(b"Ida ran. She fell.\n\nThe end.\n"))
    expected = ["Ida ran.", "She fell.", "The end.", None]
    assert list(read_sentences(path, "paragraph-a-line")) == expected


def test_records(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "Ida ran. She fell.\\nYes."}\n{"text": " "}\n{"text": "No."}\n')
    expected = ["Ida ran.", "She fell.", "Yes.", None, "No.", None]
    assert list(read_sentences(path, "files")) == expected
    path.write_text('{"text": "a"}\n{"text": 5}\n')
    with pytest.raises(DataError, match=r"texts.jsonl:2: the record has no string `text`"):
        list(read_sentences(path, "files"))
