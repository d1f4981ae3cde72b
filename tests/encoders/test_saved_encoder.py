from __future__ import annotations

from pathlib import Path

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.encoders import find_encoder
from spanbert_allen.encoders.saved_encoder import keep_files

FILES = {"config.json": b"{}\n", "vocab.txt": b"a\n"}


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_it_is_written_once(tmp_path):
    for _ in range(2):
        keep_files(FILES, tmp_path / "run")
    assert names(tmp_path) == ["run", "run/encoder", "run/encoder/config.json",
                               "run/encoder/vocab.txt"]  # fmt: skip
    assert (tmp_path / "run" / "encoder" / "vocab.txt").read_bytes() == b"a\n"


@pytest.mark.parametrize("other", [{"vocab.txt": b"b\n"}, {"more.json": b"{}"}])
def test_two_encoders_in_one_run_are_refused(tmp_path, other):
    keep_files(FILES, tmp_path)
    with pytest.raises(ConfigError, match="must name the same encoder"):
        keep_files(FILES | other, tmp_path)
    assert (tmp_path / "encoder" / "vocab.txt").read_bytes() == b"a\n"


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    write_bytes = Path.write_bytes

    def full_disk(path: Path, content: bytes) -> int:
        if path.name == "vocab.txt":
            raise OSError(28, "No space left on device")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        keep_files(FILES, tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [b"{}\n", b"another"])
def test_another_process_may_be_quicker(tmp_path, monkeypatch, content):
    rename = Path.rename

    def too_late(path: Path, target: Path) -> Path:
        target.mkdir()
        (target / "config.json").write_bytes(content)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", too_late)
    if content == b"another":
        with pytest.raises(ConfigError, match="must name the same encoder"):
            keep_files({"config.json": b"{}\n"}, tmp_path)
    else:
        keep_files({"config.json": b"{}\n"}, tmp_path)
    assert names(tmp_path) == ["encoder", "encoder/config.json"]


@pytest.mark.parametrize("weights", ["weights.th", "best.th", "model_state_e0_b7.th"])
def test_with_saved_weights_nothing_else_is_asked_for(tmp_path, weights):
    tiny = find_encoder("tiny")
    tiny.keep_in(tmp_path)
    (tmp_path / weights).touch()
    files = find_encoder("a/name/that/is/nowhere", serialization_dir=tmp_path)
    assert files.find_weights is None
    assert files.to_save() == tiny.to_save()


def test_a_trained_models_files_are_never_written_again(tmp_path):
    find_encoder("tiny").keep_in(tmp_path)
    (tmp_path / "weights.th").touch()
    config = tmp_path / "encoder" / "config.json"
    config.write_text(config.read_text().replace("\n", ""))  # as another version might write it
    find_encoder("tiny", serialization_dir=tmp_path).keep_in(tmp_path)
    assert "\n" not in config.read_text()


def test_without_a_directory_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    find_encoder("tiny").keep_in(None)
    assert names(tmp_path) == []


def test_without_saved_weights_the_source_is_read(tmp_path):
    find_encoder("tiny").keep_in(tmp_path)
    assert find_encoder("tiny", serialization_dir=tmp_path).find_weights is not None
    with pytest.raises(ConfigError, match="there is no file or folder"):
        find_encoder("a/name/that/is/nowhere", serialization_dir=tmp_path)


def test_saved_weights_alone_are_not_enough(tmp_path):
    (tmp_path / "weights.th").touch()
    assert find_encoder("tiny", serialization_dir=tmp_path).find_weights is not None
