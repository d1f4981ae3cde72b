"""
Archives that cannot be used: one sentence each, nothing written outside and nothing left behind.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path

import pytest
from allennlp.models import archival, load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import DataError


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def write_archive(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_a_good_archive_is_unpacked_and_cleaned_up(tmp_path, temporary):
    path = write_archive(
        tmp_path / "model.tar.gz", {"config.json": b"{}", "vocabulary/x.txt": b"a"}
    )
    with archival.extracted_archive(path) as folder:
        assert Path(folder, "vocabulary", "x.txt").read_text() == "a"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["../outside.txt", "a/../../outside.txt"])
def test_a_path_outside_is_refused(tmp_path, temporary, name):
    path = write_archive(tmp_path / "model.tar.gz", {"config.json": b"{}", name: b"x"})
    with pytest.raises(DataError, match="a member that does not belong in a model"):
        load_archive(path)
    assert not list(tmp_path.rglob("outside.txt"))
    assert list(temporary.iterdir()) == []


def test_a_link_outside_is_refused(tmp_path, temporary):
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("vocabulary")
        link.type, link.linkname = tarfile.SYMTYPE, "../../.."
        archive.addfile(link)
    with pytest.raises(DataError, match="does not belong in a model"):
        load_archive(path)
    assert list(temporary.iterdir()) == []


def cut_short(path):
    whole = write_archive(path, {"config.json": b"{}", "weights.th": bytes(range(256)) * 4000})
    path.write_bytes(whole.read_bytes()[:600])


def damaged(path):
    whole = write_archive(path, {"config.json": b"{}", "weights.th": bytes(range(256)) * 4000})
    content = bytearray(whole.read_bytes())
    content[60:90] = b"\0" * 30
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (cut_short, "the archive is cut short or damaged"),
        (damaged, "(cut short or damaged|not an archive)"),
        (lambda path: path.write_text("not at all"), r"not an archive \(\.tar\.gz\)"),
        (lambda path: path.write_bytes(b""), r"(cut short|not an archive)"),
        (lambda path: write_archive(path, {"a.txt": b"a"}), r"holds no config\.json"),
    ],
    ids=["cut short", "damaged", "text", "empty", "no model"],
)
def test_what_is_no_archive_is_said_in_one_sentence(tmp_path, temporary, spoil, sentence):
    path = tmp_path / "model.tar.gz"
    spoil(path)
    with pytest.raises(DataError, match=rf"model\.tar\.gz: .*{sentence}"):
        load_archive(path)
    assert list(temporary.iterdir()) == []
