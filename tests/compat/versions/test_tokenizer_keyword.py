"""AllenNLP's own transformer parts, which users mix with ours."""

from __future__ import annotations

import pytest
from allennlp.common import Params
from allennlp.data import TokenIndexer, Tokenizer, Vocabulary
from allennlp.data.tokenizers import Token
from allennlp.modules import TokenEmbedder

import spanbert_allen.plugin  # noqa: F401
from tests.places import TINY_ENCODER


def test_tokenizer_adds_special_pieces_only_when_asked():
    options = {"type": "pretrained_transformer", "model_name": str(TINY_ENCODER)}
    with_special = Tokenizer.from_params(Params({**options}))
    without = Tokenizer.from_params(Params({**options, "add_special_tokens": False}))
    pieces = [token.text for token in without.tokenize("the mother")]
    assert pieces == ["the", "mother"]
    assert [token.text for token in with_special.tokenize("the mother")] == [
        "[CLS]",
        *pieces,
        "[SEP]",
    ]


@pytest.mark.parametrize("kind", ["pretrained_transformer", "pretrained_transformer_mismatched"])
def test_indexer_and_embedder(kind):
    options = {"type": kind, "model_name": str(TINY_ENCODER)}
    indexer = TokenIndexer.from_params(Params({**options}))
    embedder = TokenEmbedder.from_params(Params({**options}))
    words = [Token("the"), Token("mother")]
    if kind == "pretrained_transformer":
        words = indexer._allennlp_tokenizer.tokenize("the mother")
    indexed = indexer.tokens_to_indices(words, Vocabulary())
    batch = {
        name: tensor.unsqueeze(0)
        for name, tensor in indexer.as_padded_tensor_dict(
            indexed, {name: len(values) for name, values in indexed.items()}
        ).items()
    }
    # Shape: (batch_size, num_words, dim)
    assert embedder(**batch).shape == (1, len(words), 20)
