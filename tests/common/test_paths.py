"""An empty path is not the current folder, and what is written has a place."""

from __future__ import annotations

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import checked_target, find_files, read_lines
from spanbert_allen.common.new_folder import checked_new_folder
from spanbert_allen.common.paths import check_archive, check_place


@pytest.mark.parametrize(
    ("check", "of"),
    [
        (lambda: [*read_lines("")], "the data"),
        (lambda: find_files("", suffixes=("conll",)), "the data"),
        (lambda: checked_target(""), "what is to be written"),
        (lambda: checked_new_folder(""), "what is to be written"),
        (lambda: check_archive(""), "the archive"),
    ],
)
def test_an_empty_path_is_said_to_be_empty(check, of):
    """It is that of a variable that was not set, and was said to be a folder."""
    with pytest.raises(ConfigError, match=rf"the path of {of} is empty, as a variable .*: name a"):
        check()


@pytest.mark.parametrize(
    "command",
    [
        ["sample", ""],
        ["split-mrqa", "train.jsonl.gz", "--out", ""],
        ["corpus", "a.txt", "--out", "", "--encoder", "tiny"],
        ["vocabulary", "a.txt", "--out", ""],
        ["corpus-predict", "model.tar.gz", "a.txt", ""],
        ["corpus-predict", "", "a.txt", "out"],
        ["push", "", "me/model"],
    ],
    ids=" ".join,
)
def test_commands_refuse_an_empty_path(command, tmp_path, monkeypatch):
    """The sample corpus was written among the files of the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("A lamp.\n")
    with pytest.raises(ConfigError, match="is empty, as a variable of the shell is that was not"):
        main(command)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_may_be_made_in_folders_that_are_not_there_yet(tmp_path, monkeypatch):
    check_place(tmp_path / "new" / "newer" / "a.txt")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file is a file where a folder is needed"):
        check_place(tmp_path / "file" / "new" / "a.txt")
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(DataError, match=r"a\.txt: the folder .* may not be written into"):
        check_place(tmp_path / "new" / "a.txt")
