"""Trained models as the source of an encoder."""

from __future__ import annotations

import shutil
import tarfile

import pytest
import torch
from allennlp.models.archival import archive_model, load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder, embedder_of
from tests.models.pretrained import archive_of, make_model
from tests.places import FIXTURES

ARCHIVES = FIXTURES / "archives"


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("pretrained") / "run")


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("task", ["coref", "qa", "relation", "sequence"])
def test_the_encoder_of_every_task(task):
    archive = str(ARCHIVES / f"{task}.tar.gz")
    trained = embedder_of(load_archive(archive).model)
    embedder = SpanbertEmbedder(archive, pooler=trained.encoder.pooler is not None)
    assert_same_weights(embedder.encoder.state_dict(), trained.encoder.state_dict())
    assert embedder.files.to_save() == trained.files.to_save()


def test_pre_training_goes_on_with_encoder_and_heads(pretrained):
    trained = load_archive(pretrained).model
    assert_same_weights(make_model(pretrained).state_dict(), trained.state_dict())


def test_a_training_that_is_still_running(pretrained, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(pretrained.parent, folder)
    (folder / "model.tar.gz").unlink()
    trained = load_archive(pretrained).model
    assert_same_weights(make_model(folder).state_dict(), trained.state_dict())
    (folder / "best.th").unlink()
    with pytest.raises(DataError, match="has saved no weights yet: wait for its first evaluation"):
        find_encoder(str(folder)).find_weights()


def test_a_folder_with_the_archive_alone(pretrained, tmp_path):
    shutil.copy(pretrained, tmp_path)
    pieces = find_encoder(str(tmp_path)).vocabulary.pieces
    assert pieces == find_encoder("tiny").vocabulary.pieces


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"max_length": 600}, r"`max_length` of 600, .* is 512: give max_length=512 to"),
        ({"num_layers": 12}, r"`num_layers` of 12, .* is 2: give num_layers=2 to"),
        ({"num_layers": 1}, r"`num_layers` of 1, .* is 2: give num_layers=2 to"),
        ({"width": 1}, r"`sizes` of the `spanbert` embedder has no `width`: it takes max_length"),
    ],
)
def test_sizes_are_checked(pretrained, sizes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        SpanbertEmbedder(str(pretrained), sizes=sizes)
    SpanbertEmbedder(str(pretrained), sizes={"max_length": 64, "num_layers": 2})


def test_a_model_of_allennlp_without_an_encoder_of_ours(pretrained, tmp_path):
    with tarfile.open(pretrained) as old:
        old.extractall(tmp_path / "model", filter="data")
    shutil.rmtree(tmp_path / "model" / "encoder")
    (tmp_path / "model" / "weights.th").rename(tmp_path / "model" / "best.th")
    archive_model(str(tmp_path / "model"), archive_path=str(tmp_path / "model.tar.gz"))
    with pytest.raises(ConfigError, match="a model of AllenNLP without an encoder of this package"):
        find_encoder(str(tmp_path / "model.tar.gz"))


def test_adapters_are_told_to_start_another_way(pretrained, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(pretrained.parent, folder)
    (folder / "model.tar.gz").unlink()
    weights = torch.load(folder / "best.th", weights_only=True)
    name = "embedder.encoder.encoder.layer.0.attention.self.query.lora_A.default.weight"
    torch.save({**weights, name: torch.zeros(8, 20)}, folder / "best.th")
    with pytest.raises(DataError, match=r"low-rank adapters .* start from this model by `trainer"):
        SpanbertEmbedder(str(folder))
