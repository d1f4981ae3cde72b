"""Archives carry the encoder's folder, by whatever name AllenNLP reaches the function."""

from __future__ import annotations

import random
import tarfile

import allennlp.commands.train
import allennlp.models
import pytest
from allennlp.models import archival

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import DataError
from tests.training.recovery.test_tensor_files import room_for


@pytest.fixture
def run(tmp_path):
    for name in ("config.json", "best.th", "meta.json", "encoder/vocab.txt", "vocabulary/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    return tmp_path


def names(path):
    with tarfile.open(path) as archive:
        return [member.name for member in archive if member.isfile()]


@pytest.mark.parametrize("module", [archival, allennlp.models, allennlp.commands.train])
def test_the_encoder_is_packed(run, module):
    path = module.archive_model(run)
    assert path == str(run / "model.tar.gz")
    assert names(path).count("encoder/vocab.txt") == 1
    assert "weights.th" in names(path)


@pytest.mark.parametrize(
    "include", [["encoder"], ["encoder/*"], ["meta.json", "encoder/vocab.txt"]]
)
def test_it_is_packed_once_when_the_config_names_it_too(run, include):
    path = archival.archive_model(run, include_in_archive=include)
    assert names(path).count("encoder/vocab.txt") == 1


def test_without_an_encoder_nothing_is_added(run):
    (run / "encoder" / "vocab.txt").unlink()
    (run / "encoder").rmdir()
    assert not any("encoder" in name for name in names(archival.archive_model(run)))


def test_another_place(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archives")
    assert archival.archive_model(run, archive_path=folder) == str(folder / "model.tar.gz")
    assert archival.archive_model(run, archive_path=folder / "x.tgz") == str(folder / "x.tgz")
    assert sorted(path.name for path in folder.iterdir()) == ["model.tar.gz", "x.tgz"]


def test_without_room_the_training_stays_and_the_file_is_named(run):
    (run / "best.th").write_bytes(random.Random(0).randbytes(100_000))  # gzip makes it no smaller
    before = sorted(run.rglob("*"))
    with room_for(50_000), pytest.raises(DataError, match=r"model\.tar\.gz: .* full.*--recover"):
        archival.archive_model(run)
    assert sorted(run.rglob("*")) == before


def test_an_archive_that_fails_leaves_the_old_one(run):
    path = run / "model.tar.gz"
    path.write_text("old")
    (run / "vocabulary" / "x.txt").unlink()
    (run / "vocabulary").rmdir()
    with pytest.raises(FileNotFoundError):
        archival.archive_model(run)
    assert path.read_text() == "old"
    assert not list(run.glob("*.part"))
