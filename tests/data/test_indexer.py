from __future__ import annotations

import copy

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, Instance, Token, Vocabulary
from allennlp.data.fields import ListField, TextField
from allennlp.data.token_indexers import TokenIndexer
from allennlp.nn.util import get_text_field_mask

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.indexer import SpanbertIndexer

WORDS = ["The", "quick", "dog", "ran", ".", "It", "saw", "Zoë", "\u200b", "!"]


@pytest.fixture(scope="module")
def indexer() -> SpanbertIndexer:
    return SpanbertIndexer("tiny", max_length=12)


def test_it_is_built_from_a_configuration():
    indexer = TokenIndexer.from_params(
        Params({"type": "spanbert", "model_name": "tiny", "max_length": 64})
    )
    assert isinstance(indexer, SpanbertIndexer)
    assert indexer.max_length == 64
    assert SpanbertIndexer("tiny").max_length == 512


@pytest.mark.parametrize("max_length", [2, 513, -1])
def test_a_segment_must_fit_the_encoder(max_length):
    with pytest.raises(
        ConfigError, match=r"`max_length` .* `segment_length` .* must be from 3 to 512"
    ):
        SpanbertIndexer("tiny", max_length=max_length)


def test_a_document_in_pieces(indexer):
    document = indexer.index_document(WORDS, [0] * 5 + [1] * 5)
    pieces = [indexer.tokenizer.vocabulary[i] for i in document.token_ids]
    assert " ".join(pieces) == (
        "[CLS] The q ##u ##ic ##k dog r ##an . [SEP] [CLS] It saw Z ##o ##ë ! [SEP]"
    )
    assert document.first_pieces[8] == document.last_pieces[8] == -1
    assert document.sentence_ids.tolist() == [0] * 10 + [1] * 8 + [2]


def test_without_sentences_it_is_cut_at_words(indexer):
    document = indexer.index_document(WORDS)
    pieces = [indexer.tokenizer.vocabulary[i] for i in document.token_ids]
    assert " ".join(pieces) == (
        "[CLS] The q ##u ##ic ##k dog r ##an . It [SEP] [CLS] saw Z ##o ##ë ! [SEP]"
    )


def test_words_and_sentences_must_go_together(indexer):
    with pytest.raises(ValueError, match="10 words but 1 sentence_ids"):
        indexer.index_document(WORDS, [0])


def test_special_strings_are_special_unless_told_otherwise():
    words = ["a", "[SEP]", "b"]
    assert len(SpanbertIndexer("tiny").index_document(words).token_ids) == 5
    plain = SpanbertIndexer("tiny", keep_special_strings=False).index_document(words)
    assert (plain.token_ids == plain.token_ids[-1]).sum() == 1


def as_tensors(indexer, sentences):
    instances = [
        Instance({"text": TextField([Token(w) for w in words], {"words": indexer})})
        for words in sentences
    ]
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()["text"]


def test_allennlp_pads_each_tensor_with_what_stands_for_nothing(indexer):
    tensors = as_tensors(indexer, [["The", "dogs"], ["It"], []])["words"]
    lists = {name: tensor.tolist() for name, tensor in tensors.items()}
    cls, sep, the, dog, s, it = (
        indexer.tokenizer.id_of(piece) for piece in ("[CLS]", "[SEP]", "The", "dog", "##s", "It")
    )
    assert lists == {
        "token_ids": [[cls, the, dog, s, sep], [cls, it, sep, 0, 0], [0] * 5],
        "segment_ids": [[0] * 5, [0, 0, 0, -1, -1], [-1] * 5],
        "word_ids": [[-1, 0, 1, 1, -1], [-1, 0, -1, -1, -1], [-1] * 5],
        "first_pieces": [[1, 2], [1, -1], [-1, -1]],
        "last_pieces": [[1, 3], [1, -1], [-1, -1]],
        "mask": [[True, True], [True, False], [False, False]],
    }


def test_allennlp_finds_the_mask_over_words(indexer):
    tensors = as_tensors(indexer, [["The", "dogs"], ["It"]])
    assert get_text_field_mask(tensors).tolist() == [[True, True], [True, False]]


def test_lists_of_texts_are_filled_up_with_empty_ones(indexer):
    texts = [TextField([Token(w) for w in words], {"words": indexer}) for words in (["It"], ["a"])]
    batch = Batch(
        [Instance({"texts": ListField(texts)}), Instance({"texts": ListField(texts[:1])})]
    )
    batch.index_instances(Vocabulary())
    tensors = batch.as_tensor_dict()["texts"]["words"]
    assert tensors["segment_ids"].shape == (2, 2, 3)
    assert torch.equal(tensors["segment_ids"][1, 1], torch.tensor([-1, -1, -1]))


def test_pieces_in_allennlps_vocabulary():
    indexer = SpanbertIndexer("tiny", namespace="tags")
    for vocabulary in (Vocabulary(), Vocabulary()):
        for words in (["The", "dogs"], ["It"]):
            ids = indexer.tokens_to_indices([Token(word) for word in words], vocabulary)
        pieces = [vocabulary.get_token_from_index(i, "tags") for i in ids["token_ids"]]
        assert pieces == ["[CLS]", "It", "[SEP]"]
        assert vocabulary.get_vocab_size("tags") == 882


def test_a_namespace_with_padding_would_shift_the_pieces():
    with pytest.raises(
        ConfigError, match=r"`namespace` .* is `tokens`, which has padding or other entries"
    ):
        SpanbertIndexer("tiny", namespace="tokens").tokens_to_indices([Token("a")], Vocabulary())


def test_it_can_be_copied(indexer):
    document = copy.deepcopy(indexer).index_document(WORDS)
    assert document.token_ids.tolist() == indexer.index_document(WORDS).token_ids.tolist()
