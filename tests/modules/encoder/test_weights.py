from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import tarfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from spanbert_allen.common.errors import DataError
from spanbert_allen.encoders import WeightsFile, find_encoder
from spanbert_allen.modules.encoder.bert import build_encoder
from spanbert_allen.modules.encoder.weights import read_weights, renamed
from tests.fixtures.make_tiny_spanbert import SHIPPED

TINY_WEIGHTS = SHIPPED / "model.safetensors"


def authors_names(weights: dict[str, Tensor]) -> OrderedDict[str, Tensor]:
    """As the authors' training program names them, with its heads."""
    named = OrderedDict()
    for name, tensor in weights.items():
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        old = old.replace("LayerNorm.bias", "LayerNorm.beta")
        named[f"decoder.bert.{old}"] = tensor
    named["decoder.cls.predictions.bias"] = torch.zeros(882).half()
    named["decoder.cls.predictions.transform.LayerNorm.gamma"] = torch.ones(20).half()
    named["decoder.cls.pair_target_predictions.decoder.weight"] = torch.zeros(882, 20).half()
    named["decoder.cls.seq_relationship.weight"] = torch.zeros(2, 20).half()
    return named


def authors_archive(path: Path, **saving) -> Path:
    """config.json without model_type and pytorch_model.bin; no vocabulary, no pooler, fp16."""
    weights = safetensors.torch.load_file(TINY_WEIGHTS)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    stream = io.BytesIO()
    torch.save(authors_names(weights), stream, **saving)
    config = json.loads((SHIPPED / "config.json").read_text())
    del config["model_type"], config["architectures"]
    contents = {"config.json": json.dumps(config).encode(), "pytorch_model.bin": stream.getvalue()}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def build(model_name: str | Path, *, pooler: bool = False, vocabulary: str | None = None):
    files = find_encoder(str(model_name), vocabulary=vocabulary)
    return build_encoder(files, attention="sdpa", pooler=pooler)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip format", "torch 1.2's format"])
def test_the_authors_archive(tmp_path, zipped):
    path = authors_archive(
        tmp_path / "spanbert_hf_base.tar.gz", _use_new_zipfile_serialization=zipped
    )
    expected = build("tiny").state_dict()
    found = build(path, vocabulary=str(SHIPPED)).state_dict()
    assert expected.keys() == found.keys()
    for name, tensor in found.items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, expected[name]), name
    assert list(tmp_path.iterdir()) == [path]


def test_the_weights_are_those_of_the_file():
    weights = safetensors.torch.load_file(TINY_WEIGHTS)
    state = build("tiny").state_dict()
    assert weights.keys() == state.keys()
    assert all(torch.equal(weights[name].float(), state[name]) for name in weights)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("decoder.bert.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.weight"),
        ("bert.encoder.layer.0.output.LayerNorm.beta", "encoder.layer.0.output.LayerNorm.bias"),
        ("cls.predictions.decoder.weight", "cls.predictions.decoder.weight"),
        ("pooler.dense.bias", "pooler.dense.bias"),
    ],
)
def test_names(old, new):
    assert list(renamed({old: torch.zeros(1)})) == [new]


@pytest.fixture
def folder(tmp_path):
    """`tiny` with weights to be written by `write`."""
    for name in ("config.json", "tokenizer_config.json", "vocab.txt"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    return tmp_path


def write(folder: Path, change) -> None:
    weights = safetensors.torch.load_file(TINY_WEIGHTS)
    change(weights)
    torch.save(weights, folder / "pytorch_model.bin")


def test_heads_and_computed_tables_are_no_surprise(folder):
    def change(weights):
        weights["bert.embeddings.position_ids"] = torch.arange(512)[None]
        weights["qa_outputs.weight"] = torch.zeros(2, 20)
        weights["classifier.bias"] = torch.zeros(2)
        weights["pooler.dense.weight"] = torch.zeros(20, 20)
        weights["pooler.dense.bias"] = torch.zeros(20)

    write(folder, change)
    assert build(folder).pooler is None


def test_a_pooler_is_read_when_asked_for(folder):
    def change(weights):
        weights["pooler.dense.weight"] = torch.full((20, 20), 0.5)
        weights["pooler.dense.bias"] = torch.full((20,), 0.25)

    write(folder, change)
    pooler = build(folder, pooler=True).pooler.dense
    assert torch.equal(pooler.weight, torch.full((20, 20), 0.5))
    assert torch.equal(pooler.bias, torch.full((20,), 0.25))


def test_a_pooler_that_is_not_there_starts_at_random_and_says_so(caplog):
    with caplog.at_level(logging.INFO):
        pooler = build("tiny", pooler=True).pooler.dense
    assert "has no pooler, as SpanBERT's release: it starts at random" in caplog.text
    assert 0.015 < pooler.weight.std() < 0.025
    assert not pooler.bias.any()


def test_missing_weights_are_listed_ten_and_then_counted(folder):
    def change(weights):
        for name in [name for name in weights if name.startswith("encoder.layer.1.")]:
            del weights[name]

    write(folder, change)
    with pytest.raises(DataError) as error:
        build(folder)
    message = str(error.value)
    assert message.startswith(f"{folder}/pytorch_model.bin: does not hold the weights of this enc")
    assert "missing: encoder.layer.1.attention.self.query.weight, " in message
    assert message.count("encoder.layer.1.") == 10
    assert message.endswith(" and 6 more")


def test_unknown_weights_and_other_shapes_are_listed(folder):
    def change(weights):
        weights["encoder.layer.7.output.dense.bias"] = torch.zeros(20)
        weights["embeddings.token_type_embeddings.weight"] = torch.zeros(1, 20)

    write(folder, change)
    with pytest.raises(DataError) as error:
        build(folder)
    assert str(error.value).endswith(
        "unknown: encoder.layer.7.output.dense.bias; of another shape than config.json says: "
        "embeddings.token_type_embeddings.weight (1, 20) instead of (2, 20)"
    )


class Harm:
    def __reduce__(self):
        return os.mkdir, ("harm",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", b"cut off", "holds no weights that can be read"),
        ("pytorch_model.bin", b"cut off", "holds no weights that can be read"),
        ("pytorch_model.bin", b"", "holds no weights that can be read"),
        ("pytorch_model.bin", {"model": {}}, "something else than a plain state dict"),
        ("pytorch_model.bin", [1], "something else than a plain state dict"),
        ("pytorch_model.bin", {"w": Harm()}, "holds no weights that can be read"),
    ],
)
def test_a_broken_or_harmful_file(tmp_path, monkeypatch, name, content, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(DataError, match=message):
        read_weights(WeightsFile(path))
    assert not (tmp_path / "harm").exists()


def test_a_file_that_was_changed_is_refused():
    content = TINY_WEIGHTS.read_bytes()
    good = WeightsFile(TINY_WEIGHTS, sha256=hashlib.sha256(content).hexdigest())
    assert len(read_weights(good)) == len(read_weights(replace(good, content=content)))
    for bad in (replace(good, sha256="0" * 64), replace(good, content=content + b"\0")):
        with pytest.raises(DataError, match="is not the file that this package was made for"):
            read_weights(bad)


def test_minilms_weights_are_checked(tmp_path, monkeypatch):
    files = find_encoder("minilm")
    (tmp_path / "model.safetensors").write_bytes(TINY_WEIGHTS.read_bytes())
    place = replace(files.find_weights(), path=tmp_path / "model.safetensors")
    with pytest.raises(DataError, match=r"sha256 is .*, not 53aa51172d142c"):
        build_encoder(replace(files, find_weights=lambda: place), attention="sdpa", pooler=False)
