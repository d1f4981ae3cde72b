import gzip
import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import (
    MAX_LINE_VARIABLE,
    checked_target,
    find_files,
    json_object,
    read_lines,
    read_objects,
    replace_bytes,
    replace_file,
)


def test_lines_are_numbered_and_lose_their_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone\r\n\ntwo\u2028\x85 x\nthree".encode())
    assert list(read_lines(path)) == [(1, "one"), (2, ""), (3, "two\u2028\x85 x"), (4, "three")]


def test_gzip_is_unpacked(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert list(read_lines(path)) == [(1, "one"), (2, "two")]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"one\ntwo\n")))
    assert list(read_lines("-")) == [(1, "one"), (2, "two")]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"good\nb\xe4d\n", "a.txt", r"a\.txt:2: not UTF-8 text \(byte 2 of the line\); convert"),
        (
            gzip.compress(b"x" * 9999, mtime=0)[:-12],
            "a.gz",
            r"a\.gz:1: broken or incomplete gzip file",
        ),
        (b"not packed", "a.gz", r"a\.gz:1: broken or incomplete gzip file"),
        (None, "a.txt", r"a\.txt: no such file \(looked from .*\); check the path"),
    ],
)
def test_unreadable_files(tmp_path, content, name, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_lines(tmp_path / name))


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(DataError, match="this is a folder; name a file in it"):
        list(read_lines(tmp_path))


def test_objects_and_their_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n\n  \n{"b": "\u2028"}\n', encoding="utf-8")
    assert list(read_objects(path)) == [(1, {"a": 1}), (4, {"b": "\u2028"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', r"f:7: not JSON \(Expecting ',' delimiter at column 8\); every line must hold"),
        ("[1]", "f:7: a JSON list, not an object"),
        ("null", "f:7: a JSON null, not an object"),
        ("3.5", "f:7: a JSON number, not an object"),
        ("[" * 100_000, "f:7: not JSON"),
        ('{"a": ' + "9" * 5000 + "}", "f:7: not JSON"),
    ],
)
def test_what_is_no_object(text, message):
    with pytest.raises(DataError, match=message):
        json_object(text, path="f", line=7)


def test_find_files(tmp_path):
    names = ["b.conll", "a.conll.gz", "c.v4_gold_conll", "d.txt", ".e.conll"]
    (tmp_path / "sub").mkdir()
    (tmp_path / "folder.conll").mkdir()
    for name in [*names, "sub/f.conll"]:
        (tmp_path / name).touch()
    found = find_files(tmp_path, suffixes=("conll",))
    expected = ["a.conll.gz", "b.conll", "c.v4_gold_conll", "sub/f.conll"]
    assert found == [tmp_path / name for name in expected]
    assert find_files(tmp_path / "d.txt", suffixes=("conll",)) == [tmp_path / "d.txt"]
    assert find_files("-", suffixes=("conll",)) == ["-"]
    with pytest.raises(DataError, match=r"no file in this folder has a name ending in \.jsonl"):
        find_files(tmp_path, suffixes=(".jsonl",))


def test_a_folder_that_may_not_be_written_into_is_named(tmp_path, monkeypatch):
    """And not the part of a file that cannot be made in it. Devices stand in such a folder."""
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    for opened in (replace_file, replace_bytes):
        with (
            pytest.raises(
                DataError, match=r"out\.txt: the folder .* may not be written into; name"
            ),
            opened(tmp_path / "out.txt"),
        ):
            pass
    os.mkfifo(tmp_path / "pipe")
    assert checked_target(tmp_path / "pipe") == tmp_path / "pipe"


def test_a_file_takes_its_name_when_whole(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with replace_file(path) as file:
        file.write("new ä\n")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == "new ä\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_what_stood_there(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replace_file(path) as file:
        file.write("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_gz_is_packed(tmp_path):
    target = tmp_path / "target.gz"
    link = tmp_path / "link"
    link.symlink_to(target)
    with replace_file(link) as file:
        file.write("x\n")
    assert link.is_symlink()
    assert gzip.decompress(target.read_bytes()) == b"x\n"


def test_standard_output(capsys):
    with replace_file("-") as file:
        file.write("shown\n")
    assert capsys.readouterr().out == "shown\n"


def test_nowhere_to_write(tmp_path):
    with pytest.raises(DataError, match=r"the folder .*/none does not exist; make it first"):
        replace_file(tmp_path / "none" / "a").__enter__()
    with pytest.raises(DataError, match="this is a folder; name a file to write"):
        replace_file(tmp_path).__enter__()


def test_a_device_is_written_to():
    with replace_file("/dev/null") as file:
        file.write("gone")
    assert not Path("/dev/null").is_file()


def test_a_byte_that_is_no_utf8_is_a_mistake_of_its_record():
    with pytest.raises(DataError, match="f:7: not UTF-8 text; convert the file"):
        json_object(b'{"a": "\xe4"}'.decode("utf-8", "surrogateescape"), path="f", line=7)


def test_a_line_may_not_fill_the_memory(tmp_path, monkeypatch):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"one\n" + b"x" * (1 << 20) + b"\n"))
    monkeypatch.setenv(MAX_LINE_VARIABLE, "1")
    with pytest.raises(DataError, match=r"bomb\.gz:2: the line is longer than 1 MB; cut it, or"):
        list(read_lines(path))
    monkeypatch.setenv(MAX_LINE_VARIABLE, "2")
    assert [number for number, _ in read_lines(path)] == [1, 2]
    monkeypatch.setenv(MAX_LINE_VARIABLE, "much")
    with pytest.raises(ConfigError, match="SPANBERT_ALLEN_MAX_LINE_MB is 'much'; it must be a num"):
        list(read_lines(path))
