"""No file that is read is written over, and a full disk is one sentence that names the file."""

import errno
import os
import signal

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file
from spanbert_allen.common.outputs import (
    is_full_disk,
    refuse_empty,
    refuse_overwriting,
    refuse_overwriting_model,
    told_of_full_disk,
)


def test_an_output_that_is_an_input_is_refused_by_whatever_name(tmp_path, monkeypatch):
    data = tmp_path / "a.jsonl"
    data.write_text("x")
    (tmp_path / "link.jsonl").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    for output in (data, "a.jsonl", "./a.jsonl", "link.jsonl"):
        with pytest.raises(DataError, match=r"also what is read .* name another file"):
            refuse_overwriting(output, [data])


def test_a_file_of_a_folder_that_is_read_is_refused(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("x")
    with pytest.raises(DataError, match="would be lost"):
        refuse_overwriting(folder / "a.txt", [folder])
    refuse_overwriting(folder / "new.jsonl", [folder])


def test_a_model_is_not_written_over_but_its_folder_takes_files(tmp_path):
    (tmp_path / "vocabulary").mkdir()
    for name in ("config.json", "best.th", "model.tar.gz", "vocabulary/labels.txt", "test.json"):
        (tmp_path / name).write_text("x")
        if name != "test.json":
            with pytest.raises(DataError, match="would be lost"):
                refuse_overwriting_model(tmp_path / name, tmp_path)
    refuse_overwriting_model(tmp_path / "test.json", tmp_path)
    refuse_overwriting_model(tmp_path / "test.json", tmp_path / "model.tar.gz")
    with pytest.raises(DataError, match="would be lost"):
        refuse_overwriting_model(tmp_path / "model.tar.gz", tmp_path / "model.tar.gz")


def test_streams_and_other_files_are_no_inputs(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    refuse_overwriting("-", ["-"])
    refuse_overwriting(tmp_path / "a", ["-", tmp_path / "b", tmp_path / "none"])


def test_nothing_replaces_what_is_there(tmp_path):
    out = tmp_path / "out.tsv"
    refuse_empty(out, "in.jsonl", "it holds no document")
    out.write_text("old")
    with pytest.raises(DataError, match=r"in\.jsonl: it holds no document, so .*out\.tsv stays"):
        refuse_empty(out, "in.jsonl", "it holds no document")


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (RuntimeError("[enforce fail] PytorchStreamWriter failed writing file data/3"), True),
        (Exception("Error while serializing: IoError(Os { code: 28 }) (os error 28)"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (ValueError("another"), False),
    ],
)
def test_what_a_full_disk_is(error, is_full):
    assert is_full_disk(error) == is_full
    with pytest.raises(DataError if is_full else type(error)), told_of_full_disk("x"):
        raise error


def test_a_file_that_may_not_grow_is_named_and_the_old_one_stays(tmp_path):
    resource = pytest.importorskip("resource")
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        with (
            pytest.raises(DataError, match=r"out\.jsonl: the disk is full.*before stays; free"),
            replace_file(out) as file,
        ):
            file.write("x" * 500_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert out.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.jsonl"]  # noqa: PTH208
