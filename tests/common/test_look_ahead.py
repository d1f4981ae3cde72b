"""Every reader that finds out a file's format first gets all of a pipe, too."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from contextlib import closing, contextmanager
from threading import Thread
from types import SimpleNamespace

import pytest

from spanbert_allen.common.files import open_bytes, open_text, read_lines
from spanbert_allen.formats.coref.clusterings import read_clusterings
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.qa.detection import qa_layout
from spanbert_allen.formats.qa.squad import read_squad
from spanbert_allen.formats.relation.detection import read_relations
from spanbert_allen.formats.relation.labels import read_labels
from tests.places import FIXTURES

MANY = 3000
"""Lines: more than any buffer or pipe takes at once."""


@contextmanager
def piped(content: bytes):
    """Give the path of a pipe that `content` is written into, as a shell's `<(...)` is."""
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb") as file:
            file.write(content)

    thread = Thread(target=write)
    thread.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
        thread.join()


def records(of):
    return "".join(json.dumps(of(index)) + "\n" for index in range(MANY)).encode()


def test_looking_takes_nothing_away():
    with piped(b"\xef\xbb\xbfone\ntwo\n") as path:
        for _ in range(2):
            with closing(read_lines(path, look_ahead=True)) as lines:
                assert next(lines) == (1, "one")
        with open_text(path, look_ahead=True) as file:
            assert file.read() == b"one\ntwo\n"
        with open_bytes(path) as file:
            assert file.read() == b"\xef\xbb\xbfone\ntwo\n"


def test_a_packed_fifo(tmp_path):
    path = tmp_path / "named.jsonl.gz"
    os.mkfifo(path)
    content = gzip.compress(records(lambda index: {"doc_key": str(index), "tokens": ["x"]}))
    thread = Thread(target=path.write_bytes, args=(content,))
    thread.start()
    found = list(detect_format(path).read(path))
    thread.join()
    assert [one.doc_key for one in found] == [str(index) for index in range(MANY)]


def test_standard_input_has_a_format_too(monkeypatch):
    content = records(lambda index: {"doc_key": str(index), "tokens": ["x"], "clusters": []})
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert len(read_clusterings("-")) == MANY


def test_another_standard_input_begins_anew(monkeypatch):
    for content in (b'{"tokens": ["a"]}\n', b'{"tokens": ["b"]}\n'):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        (document,) = detect_format("-").read("-")
        assert json.loads(content) == {"tokens": document.words}


def test_no_clustering_is_lost_in_a_pipe():
    content = records(lambda index: {"doc_key": str(index), "tokens": ["x"], "clusters": []})
    with piped(content) as path:
        assert len(read_clusterings(path)) == MANY


def test_no_relation_is_lost_in_a_pipe():
    example = {"tokens": ["a", "b"], "subject": [0, 0], "object": [1, 1], "label": "x"}
    content = records(lambda index: {"id": str(index), **example})
    with piped(content) as path:
        assert len(list(read_relations(path))) == MANY
    with piped(content) as path:
        assert len(read_labels(path)) == MANY
    lines = "".join(f"{index}\tx\n" for index in range(MANY)).encode()
    with piped(lines) as path:
        assert len(read_labels(path)) == MANY


def test_no_question_is_lost_in_a_pipe():
    content = (FIXTURES / "qa" / "squad.json").read_bytes()
    expected = [one.id for one in read_squad(FIXTURES / "qa" / "squad.json")]
    with piped(content) as path:
        assert qa_layout(path) == "squad"
        assert [one.id for one in read_squad(path)] == expected


@pytest.mark.parametrize("content", [b"", b"\n", b"no format\n"])
def test_an_error_of_looking_leaves_the_pipe_whole(content):
    with piped(content) as path:
        with pytest.raises(Exception, match=r"/dev/fd/"):
            detect_format(path)
        with open_bytes(path) as file:
            assert file.read() == content
