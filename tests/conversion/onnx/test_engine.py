"""The encoder's layers run by onnxruntime: what is predicted stays the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import spanbert_allen
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx import packages
from spanbert_allen.conversion.onnx.engine import OnnxEncoder, use_engine
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder, embedder_of
from spanbert_allen.serving.models import load_models
from tests.test_old_archives import ARCHIVES, EXPECTED, assert_same

pytest.importorskip("onnx", reason="onnx is not installed: pip install onnx onnxruntime")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime")


@pytest.fixture(scope="module")
def embedders() -> dict[str, SpanbertEmbedder]:
    made = {}
    for engine in ("torch", "onnx", "onnx-int8"):
        made[engine] = SpanbertEmbedder("tiny").eval()
        use_engine(made[engine], engine)
    return made


def vectors_of(embedder: SpanbertEmbedder, lengths: list[list[int]], **more) -> torch.Tensor:
    """The vectors of a batch of documents, with a segment of each of the lengths."""
    width = max(map(sum, lengths))
    segments = torch.full((len(lengths), width), -1)
    for row, some in zip(segments, lengths, strict=True):
        row[: sum(some)] = torch.arange(len(some)).repeat_interleave(torch.tensor(some))
    pieces = torch.arange(segments.numel()).view_as(segments) * 7 % 800 + 5
    with torch.no_grad():
        return embedder.encode(pieces, segments, **{name: of(pieces) for name, of in more.items()})


@pytest.mark.parametrize(
    "lengths", [[[1]], [[5, 9], [3]], [[512], [2, 2, 70, 8]], [[4], [4], [4]]], ids=str
)
def test_vectors_are_those_of_torch_whatever_the_lengths(embedders, lengths):
    expected, vectors = (vectors_of(embedders[name], lengths) for name in ("torch", "onnx"))
    torch.testing.assert_close(vectors, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "more",
    [
        {"type_ids": lambda pieces: pieces % 2},
        {"attended": lambda pieces: pieces % 3 > 0},
        {"position_ids": lambda pieces: pieces % 50},
        {"groups": lambda pieces: pieces % 3},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_else_the_encoder_reads_has_its_effect(embedders, more):
    lengths = [[30, 12], [7]]
    expected, vectors = (vectors_of(embedders[name], lengths, **more) for name in ("torch", "onnx"))
    torch.testing.assert_close(vectors, expected, rtol=0, atol=1e-4)
    assert not torch.allclose(vectors, vectors_of(embedders["onnx"], lengths), atol=1e-3)


def test_weights_of_8_bits_stay_near_where_one_output_has_far_larger_ones():
    embedders = {engine: SpanbertEmbedder("tiny").eval() for engine in ("torch", "onnx-int8")}
    for engine, embedder in embedders.items():
        dense = embedder.encoder.encoder.layer[0].intermediate.dense
        with torch.no_grad():
            dense.weight[0] *= 1000  # with one scale for all, the other rows would become 0
        use_engine(embedder, engine)
    expected, vectors = (vectors_of(one, [[40, 9]]) for one in embedders.values())
    similar = torch.nn.functional.cosine_similarity(expected, vectors, dim=-1)
    assert similar.min() > 0.99
    assert not torch.allclose(vectors, expected, atol=1e-4)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_task_predicts_what_it_did(name):
    model = spanbert_allen.load(ARCHIVES / f"{name}.tar.gz", engine="onnx")
    assert isinstance(embedder_of(model._model).encoder, OnnxEncoder)
    call = EXPECTED[name]
    assert_same(model.predict(*call["arguments"], **call["options"]), call["result"])


def test_a_service_has_its_models_run_by_the_engine():
    models = load_models([str(ARCHIVES / "sequence.tar.gz")], engine="onnx-int8")
    assert embedder_of(models.by_name["sequence"].predictor._model).encoder.engine == "onnx-int8"


def test_adapters_are_added_to_the_weights():
    pytest.importorskip("peft", reason="peft is not installed: pip install peft")
    embedder = SpanbertEmbedder("tiny", lora={"rank": 2}).eval()
    with torch.no_grad():
        for name, weights in embedder.named_parameters():
            if "lora_B" in name:
                weights.fill_(0.3)
    expected = vectors_of(embedder, [[9]])
    use_engine(embedder, "onnx")
    torch.testing.assert_close(vectors_of(embedder, [[9]]), expected, rtol=0, atol=1e-4)


def test_another_activation_is_written_or_refused_in_a_sentence():
    for name in ("gelu_new", "relu"):
        embedder = SpanbertEmbedder("tiny").eval()
        plain = vectors_of(embedder, [[9]])
        set_activation(embedder, name)
        expected = vectors_of(embedder, [[9]])
        use_engine(embedder, "onnx")
        torch.testing.assert_close(vectors_of(embedder, [[9]]), expected, rtol=0, atol=1e-4)
        assert not np.array_equal(plain, expected)
    embedder = SpanbertEmbedder("tiny").eval()
    set_activation(embedder, "mish")
    with pytest.raises(ConfigError, match="an encoder with the activation 'mish'"):
        use_engine(embedder, "onnx")


def set_activation(embedder: SpanbertEmbedder, name: str) -> None:
    from transformers.activations import ACT2FN

    embedder.encoder.config.hidden_act = name
    for layer in embedder.encoder.encoder.layer:
        layer.intermediate.intermediate_act_fn = ACT2FN[name]


def test_an_engine_that_cannot_be_is_a_sentence_with_the_cure(embedders, monkeypatch):
    with pytest.raises(ConfigError, match="`engine` is 'onix'; it must be torch, onnx, onnx-int8"):
        spanbert_allen.load(ARCHIVES / "sequence.tar.gz", engine="onix")
    with pytest.raises(ConfigError, match="'onnx' runs this model already: load its archive once"):
        use_engine(embedders["onnx"], "onnx-int8")
    use_engine(embedders["onnx"], "onnx")  # it is so already
    embedder = SpanbertEmbedder("tiny")
    monkeypatch.setattr(SpanbertEmbedder, "device", torch.device("cuda:0"))
    with pytest.raises(ConfigError, match="the model is on cuda:0: load it with `device` cpu"):
        use_engine(embedder, "onnx")
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="not installed: pip install onnx onnxruntime"):
        use_engine(embedder, "onnx")
