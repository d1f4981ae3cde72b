"""Vectors of pieces, words, spans and texts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import spanbert_allen
from spanbert_allen.common.errors import ConfigError, DataError
from tests.places import FIXTURES

TEXT = "Ida met her brother. He was late, as always."


@pytest.fixture(scope="module")
def encoder():
    return spanbert_allen.load_encoder("tiny")


def test_vectors_of_pieces_are_the_encoders(encoder):
    result = encoder.encode("Ida met her brother.", level="pieces")
    ids = [encoder._special.cls, *encoder._tokenizer._cut(result.text), encoder._special.sep]
    with torch.no_grad():
        # Shape: (1, num_pieces, dim)
        wanted = encoder._embedder.encoder(torch.tensor([ids])).last_hidden_state
    np.testing.assert_allclose(result.vectors, wanted[0, 1:-1].numpy(), atol=1e-5)
    assert "".join(result.texts()) == "Idametherbrother."


def test_words_spans_and_texts_are_means_of_pieces(encoder):
    pieces, words = (encoder.encode(TEXT, level=level) for level in ("pieces", "words"))
    assert words.texts() == [
        "Ida",
        "met",
        "her",
        "brother",
        ".",
        "He",
        "was",
        "late",
        ",",
        "as",
        "always",
        ".",
    ]
    for (start, end), vector in zip(words.offsets, words.vectors, strict=True):
        inside = (pieces.offsets[:, 0] >= start) & (pieces.offsets[:, 1] <= end)
        np.testing.assert_allclose(vector, pieces.vectors[inside].mean(axis=0), atol=1e-6)
    spans = encoder.encode(TEXT, spans=[(8, 19), (0, len(TEXT))])
    assert spans.texts() == ["her brother", TEXT]
    whole = encoder.encode(TEXT, level="text")
    assert whole.vectors.shape == (1, encoder._embedder.get_output_dim())
    np.testing.assert_allclose(spans.vectors[1], whole.vectors[0], atol=1e-6)
    np.testing.assert_allclose(whole.vectors[0], pieces.vectors.mean(axis=0), atol=1e-6)


def test_many_texts_are_what_each_is_alone(encoder):
    texts = [TEXT, "", {"tokens": ["Ida", "left"]}, {"context": "Who?"}, TEXT * 40]
    together = encoder.encode(texts)
    assert [len(one.vectors) for one in together][:4] == [12, 0, 2, 2]
    for text, one in zip(texts, together, strict=True):
        alone = encoder.encode(text)
        np.testing.assert_allclose(one.vectors, alone.vectors, atol=1e-5)
        assert (one.offsets == alone.offsets).all()
    several = encoder.encode(texts[:1] * 2, spans=[[(0, 3)], [(4, 7), (8, 11)]])
    assert [one.texts() for one in several] == [["Ida"], ["met", "her"]]


def test_offsets_of_a_result_are_spans(encoder):
    words = encoder.encode(TEXT)
    spans = encoder.encode(TEXT, spans=words.offsets)
    assert spans.texts() == words.texts()
    np.testing.assert_allclose(spans.vectors, words.vectors, atol=1e-6)


@pytest.mark.parametrize("name", ["coref", "qa", "relation", "sequence"])
def test_every_trained_model_encodes(name):
    model = spanbert_allen.load(FIXTURES / "archives" / f"{name}.tar.gz")
    result = model.encode(TEXT, spans=[(0, 3)])
    assert result.vectors.dtype == np.float32
    assert result.texts() == ["Ida"]
    assert np.abs(result.vectors).sum() > 0


@pytest.mark.parametrize(
    ("inputs", "options", "kind", "said"),
    [
        (TEXT, {"level": "sentences"}, ConfigError, "it must be one of pieces, words, spans, text"),
        (TEXT, {"level": "spans"}, ConfigError, "give both or none"),
        (TEXT, {"spans": [(3, 3)]}, DataError, "is no span of a text of 44 characters"),
        (TEXT, {"spans": [(0, 2.9)]}, DataError, "is no span of a text of 44 characters"),
        (TEXT, {"spans": ["x"]}, DataError, "is no span of a text of 44 characters"),
        ([TEXT], {"spans": []}, DataError, "1 texts, but spans for 0"),
        ([3], {}, DataError, "3 is no text"),
    ],
)
def test_what_cannot_be_encoded(encoder, inputs, options, kind, said):
    with pytest.raises(kind, match=said):
        encoder.encode(inputs, **options)
